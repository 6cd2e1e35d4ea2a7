-- Generic cell rate algorithm: one stored moment says when the bucket is empty again.
-- KEYS[1]: the client's bucket. ARGV: microseconds per request, burst.
local now = redis.call('TIME')
local us = now[1] * 1000000 + now[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local empty_at = math.max(tonumber(redis.call('GET', KEYS[1]) or us), us)
local next_empty_at = empty_at + interval
local allowed_at = next_empty_at - burst * interval
if allowed_at > us then return { 0, allowed_at - us } end
redis.call('SET', KEYS[1], string.format('%.0f', next_empty_at), 'PX', math.ceil((next_empty_at - us) / 1000))
return { 1, math.floor((us - allowed_at) / interval) }
