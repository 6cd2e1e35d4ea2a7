-- Claims an idempotency key. KEYS[1]: the key. ARGV: fingerprint of the request, lease in ms.
-- Answers { word, job }.
local fingerprint, job = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'job'))
if not fingerprint then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 'new', '' }
end
if fingerprint ~= ARGV[1] then return { 'mismatch', '' } end
if job then return { 'replay', job } end
return { 'in_flight', '' }
