-- Ends a lead, but only the holder's own. KEYS[1]: the lead. ARGV[1]: the holder.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
