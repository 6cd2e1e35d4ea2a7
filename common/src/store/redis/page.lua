-- A page of job ids, newest first. KEYS[1]: the index.
-- ARGV: the id that the page comes after or '', its time in ms for when it has left the index, how many.
local rank = 0
if ARGV[1] ~= '' then
  local before = redis.call('ZREVRANK', KEYS[1], ARGV[1])
  rank = before and before + 1 or redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[2], '+inf')
end
return redis.call('ZREVRANGE', KEYS[1], rank, rank + ARGV[3] - 1)
