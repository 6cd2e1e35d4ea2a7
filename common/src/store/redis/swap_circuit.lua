-- Replaces a shared circuit. KEYS[1]: the circuit. ARGV: the version it must have, its next text, how long to keep it.
local stored = redis.call('GET', KEYS[1])
local version = stored and cjson.decode(stored).version or 0
if tostring(version) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
