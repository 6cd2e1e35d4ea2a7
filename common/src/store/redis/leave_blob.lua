-- Takes a job off a drawing's users. KEYS: the drawing, its users. ARGV: the job, the time in ms that a drawing
-- without users is still kept.
redis.call('SREM', KEYS[2], ARGV[1])
if redis.call('SCARD', KEYS[2]) == 0 and redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
