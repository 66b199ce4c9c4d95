-- What `finish` and `fail` share; it is put before them.
-- KEYS 1 session, 2 stream, 3 backlog, 4 figures of the history. ARGV 9 the history's stream: who runs a script must
-- be allowed to read its KEYS, and a worker elsewhere only writes to that one.
local session, stream, backlog, figures = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local group, entry, segment, attempt, samples = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local results_prefix, notice, session_ttl_ms, history = ARGV[6], ARGV[7], ARGV[8], ARGV[9]

-- What this entry is to its segment: its 'job', its 'speculation', or nothing any more.
local function standing()
  local ended = redis.call('HGET', session, 'end:' .. segment)
  if ended then
    local state, of_attempt = string.match(ended, '^(%a+) (%d+)$')
    if state ~= 'failed' or tonumber(of_attempt) >= tonumber(attempt) then
      return nil
    end
  end
  for field, name in pairs({['job:'] = 'job', ['spec:'] = 'speculation'}) do
    local value = redis.call('HGET', session, field .. segment)
    if value and string.match(value, '^%d+ (%S+)') == entry then
      return name
    end
  end
  return nil
end

local function remove_entry()
  redis.call('XACK', stream, group, entry)
  if redis.call('XDEL', stream, entry) == 1 then
    redis.call('HINCRBY', backlog, stream, -samples)
  end
end

-- Tell the history of the gateways, if one is kept of this session. The stream has a bound, which the session's hash
-- names: over it the oldest entries go, and are counted.
local function tell_history(kept)
  local most, about = string.match(kept, '^(%d+) (.*)$')
  local over = redis.call('XLEN', history) + 1 - tonumber(most)
  redis.call('XADD', history, 'MAXLEN', most, '*', 'about', about, 'notice', notice, 'samples', samples)
  if over > 0 then
    redis.call('HINCRBY', figures, 'left_out', over)
  end
end

-- End the segment and tell the gateway that has the session at this moment.
local function conclude(state)
  redis.call('HSET', session, 'end:' .. segment, state .. ' ' .. attempt, 'result:' .. segment, notice)
  redis.call('HDEL', session, 'job:' .. segment, 'failures:' .. segment)
  redis.call('PEXPIRE', session, session_ttl_ms)
  local known = redis.call('HMGET', session, 'gateway', 'history')
  if known[1] then
    redis.call('SPUBLISH', results_prefix .. known[1], notice)
  end
  if known[2] then
    tell_history(known[2])
  end
end
