-- Binds a claimed key to its job, or gives it free. KEYS[1]: the key.
-- ARGV: fingerprint of the request, job or '', how long it stays bound in ms.
local fingerprint, job = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'job'))
-- After the lease another request may have it: the later one must not take it away.
if job or (fingerprint and fingerprint ~= ARGV[1]) then return end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'job', ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
