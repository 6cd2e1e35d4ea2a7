-- The life of one job in one script, so that every change of state follows the same rules.
-- KEYS: 1 record (hash)  2 result  3 events (stream)  4 tombstone; all of one job, so all in one slot.
-- ARGV[1]: verb; the rest by verb. Durations are milliseconds.
-- Answers { word, detail, fields of the record }.
local job, result, events, tombstone = unpack(KEYS)
local verb = ARGV[1]

-- The server's own time: hosts disagree about theirs.
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now_ms = math.floor(now_us / 1000)

local ENDED = { completed = true, failed = true, canceled = true }
local EVENTS_KEPT = 200
local TOMBSTONE_FACTOR = 4

local function answer(word, detail, fields)
  return { word, detail or '', fields or {} }
end

local function fields()
  return redis.call('HGETALL', job)
end

local function tell(event, detail)
  redis.call('XADD', events, 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', event, 'detail', detail or '')
end

-- Keeps what is known of the job for a while from now, and for longer that there was something.
local function keep(state, duration)
  local expires_ms = string.format('%.0f', now_ms + duration)
  redis.call('PEXPIRE', job, duration)
  redis.call('PEXPIRE', events, duration)
  redis.call('SET', tombstone, state .. ' ' .. expires_ms, 'PX', duration * TOMBSTONE_FACTOR)
end

local function make(seed)
  redis.call('HSET', job, 'seed', seed, 'state', 'pending', 'token', 0, 'starts', 0, 'heard_ms', now_ms)
  tell('pending')
end

local function finish(state, duration)
  redis.call('HSET', job, 'state', state, 'finished_ms', now_ms, 'expires_ms', now_ms + duration)
  redis.call('HDEL', job, 'progress', 'parcel')
  tell(state)
  keep(state, duration)
end

local state, token = unpack(redis.call('HMGET', job, 'state', 'token'))
local is_newest = state and token == ARGV[2]

if verb == 'create' then -- seed, duration, parcel
  if state then return answer('exists') end
  make(ARGV[2])
  if ARGV[4] ~= '' then redis.call('HSET', job, 'parcel', ARGV[4]) end
  keep('pending', tonumber(ARGV[3]))
  return answer('created')

elseif verb == 'claim' then -- seed, duration, max_starts, claimant, lease
  local duration, max_starts = tonumber(ARGV[3]), tonumber(ARGV[4])
  if ENDED[state] then return answer('ended', state) end
  if state == 'in_progress' then
    local claimant, heard_ms = unpack(redis.call('HMGET', job, 'claimant', 'heard_ms'))
    -- The caller asks again when it has lost the answer.
    if claimant == ARGV[5] then return answer('granted', 'known', fields()) end
    if now_ms - (tonumber(heard_ms) or 0) < tonumber(ARGV[6]) then return answer('held') end
  end
  if not state then
    local last_state = string.match(redis.call('GET', tombstone) or '', '^[%a_]+')
    if ENDED[last_state or ''] then return answer('ended', last_state) end
    make(ARGV[2])
  end
  local known = state and 'known' or 'made'
  -- By the clock, so that a record made anew never repeats a token of the one that was lost.
  local next_token = math.max((tonumber(token) or 0) + 1, now_us)
  redis.call('HSET', job, 'token', string.format('%.0f', next_token))
  local starts = tonumber(redis.call('HGET', job, 'starts')) or 0
  if starts >= max_starts then
    keep(state or 'pending', duration)
    return answer('exhausted', known, fields())
  end
  redis.call('HSET', job, 'state', 'in_progress', 'starts', starts + 1, 'claimant', ARGV[5], 'heard_ms', now_ms)
  redis.call('HSETNX', job, 'started_ms', now_ms)
  redis.call('HDEL', job, 'progress', 'error')
  tell('in_progress', starts + 1)
  keep('in_progress', duration)
  return answer('granted', known, fields())

elseif verb == 'hold' then -- token, progress
  if state == 'canceled' then return answer('canceled') end
  if not is_newest or state ~= 'in_progress' then return answer('lost') end
  redis.call('HSET', job, 'heard_ms', now_ms)
  if ARGV[3] ~= '' and redis.call('HGET', job, 'progress') ~= ARGV[3] then
    redis.call('HSET', job, 'progress', ARGV[3])
    tell('progress', ARGV[3])
  end
  return answer('held')

elseif verb == 'release' then -- token, duration, error, is_unstarted
  if not is_newest then return answer('stale') end
  -- The caller asks again when it has lost the answer.
  if state == 'pending' then return answer('stored') end
  if state ~= 'in_progress' then return answer('stale') end
  redis.call('HSET', job, 'state', 'pending', 'heard_ms', now_ms)
  redis.call('HDEL', job, 'progress')
  if ARGV[4] ~= '' then redis.call('HSET', job, 'error', ARGV[4]) end
  if ARGV[5] == '1' and redis.call('HINCRBY', job, 'starts', -1) == 0 then
    redis.call('HDEL', job, 'started_ms')
  end
  tell('pending')
  keep('pending', tonumber(ARGV[3]))
  return answer('stored')

elseif verb == 'finish' then -- token, duration, state, error, warnings, result
  if not is_newest then return answer('stale') end
  -- The caller asks again when it has lost the answer.
  if state == ARGV[4] then return answer('stored') end
  if ENDED[state] then return answer('stale') end
  local duration = tonumber(ARGV[3])
  if ARGV[4] == 'completed' then
    redis.call('SET', result, ARGV[7], 'PX', duration)
    redis.call('HSET', job, 'warnings', ARGV[6])
    redis.call('HDEL', job, 'error')
  else
    redis.call('HSET', job, 'error', ARGV[5])
  end
  finish(ARGV[4], duration)
  return answer('stored')

elseif verb == 'reopen' then -- duration
  if not state then
    local last_state = string.match(redis.call('GET', tombstone) or '', '^[%a_]+') or ''
    if last_state == 'completed' or last_state == 'canceled' then return answer('ended', last_state) end
    -- The next claim makes the record anew from the message.
    redis.call('DEL', tombstone)
    return answer('open')
  end
  if not ENDED[state] then return answer('open') end
  if state ~= 'failed' then return answer('ended', state) end
  redis.call('HSET', job, 'state', 'pending', 'starts', 0, 'heard_ms', now_ms)
  redis.call('HDEL', job, 'error', 'started_ms', 'finished_ms', 'expires_ms', 'claimant', 'resent')
  tell('pending')
  keep('pending', tonumber(ARGV[2]))
  return answer('open')

elseif verb == 'resend' then -- silence, most
  if not state then return answer('unknown') end
  if ENDED[state] then return answer('ended') end
  local heard_ms, resent, parcel = unpack(redis.call('HMGET', job, 'heard_ms', 'resent', 'parcel'))
  if now_ms - (tonumber(heard_ms) or 0) < tonumber(ARGV[2]) then return answer('heard') end
  if not parcel or (tonumber(resent) or 0) >= tonumber(ARGV[3]) then return answer('lost') end
  redis.call('HSET', job, 'heard_ms', now_ms)
  redis.call('HINCRBY', job, 'resent', 1)
  return answer('resend', '', fields())

elseif verb == 'give_up' then -- duration, silence, error
  if not state then return answer('unknown') end
  if ENDED[state] then return answer('ended') end
  local heard_ms = tonumber(redis.call('HGET', job, 'heard_ms')) or 0
  if now_ms - heard_ms < tonumber(ARGV[3]) then return answer('heard') end
  redis.call('HSET', job, 'error', ARGV[4])
  finish('failed', tonumber(ARGV[2]))
  return answer('stored')

elseif verb == 'cancel' then -- duration
  if not state then return answer('unknown') end
  if ENDED[state] then return answer('ended', '', fields()) end
  redis.call('HDEL', job, 'error')
  finish('canceled', tonumber(ARGV[2]))
  return answer('canceled', '', fields())
end
return redis.error_reply('ERR unknown verb ' .. verb)
