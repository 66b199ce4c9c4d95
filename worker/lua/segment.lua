-- What `finish` and `fail` share; it is put before them.
-- KEYS 1 session, 2 stream, 3 backlog, 4 figures of the history. ARGV 1 entry, 2 segment, 3 attempt, 4 samples, 5 notice.
-- The history's stream is no key: who runs a script must be allowed to read its KEYS, and a worker elsewhere only
-- writes to that one, as to the dead letters.
-- A script that fails half way leaves what it did. So a result is kept first, then its entry removed, and last comes
-- what is only counted.
local shard, identity = named(KEYS[1], 'session:(.*)', 'a session')
local session, stream, backlog, figures = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local entry, segment, attempt, samples, notice = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
assert(named(stream, 'jobs:%l+:%S+', 'a stream of jobs') == shard, 'not a stream of this shard')
assert(backlog == shard .. 'backlog', 'not the backlog')
assert(figures == shard .. 'history:figures', 'not the figures of the history')
assert(string.match(samples, '^%d+$') and #samples <= 10, 'not a number of samples')

-- What a field of a session's hash says of this entry: the number before its name.
local function said_of(hash, field)
  local number, id, of = string.match(redis.call('HGET', hash, field) or '', '^(%d+) (%S+) (.+)$')
  return id == entry and of == stream and number or nil
end

-- What this entry is to its segment: its 'job', its 'speculation', or nothing any more. What the hash knows of it is
-- true, whatever the caller says.
local function standing()
  local job = said_of(session, 'job:' .. segment)
  local ended = redis.call('HGET', session, 'end:' .. segment)
  if ended then
    local state, of_attempt = string.match(ended, '^(%a+) (%d+)$')
    if state ~= 'failed' or tonumber(of_attempt) >= tonumber(job or attempt) then
      return nil
    end
  end
  if job then
    attempt = job
    return 'job'
  end
  local speculated = said_of(session, 'spec:' .. segment)
  if speculated then
    samples = speculated
    return 'speculation'
  end
  return nil
end

-- A result takes the room of its audio: a longer one is refused, or many of them would fill the broker.
local function bounded(outcome)
  if #outcome > LEAST_NOTICE then
    local found = redis.call('XRANGE', stream, entry, entry)[1]
    local audio = 0
    for i = 1, found and #found[2] or 0, 2 do
      audio = found[2][i] == 'pcm' and #found[2][i + 1] or audio
    end
    assert(#outcome <= audio, 'not a result of so little audio')
  end
  return outcome
end

-- In a stream without entries nothing waits, whatever has become of the counter.
local function count_down()
  local left = redis.call('XLEN', stream) > 0 and redis.pcall('HINCRBY', backlog, stream, -samples) or 0
  if type(left) == 'table' or left <= 0 then
    redis.pcall('HSET', backlog, stream, 0)
  end
end

local function remove_entry()
  redis.call('XACK', stream, GROUP, entry)
  if redis.call('XDEL', stream, entry) == 1 then
    count_down()
  end
end

-- Remove an entry that is nothing to this segment, unless it is something to the one that it names itself.
local function remove_stray()
  local found = redis.call('XRANGE', stream, entry, entry)[1]
  local fields = {}
  for i = 1, found and #found[2] or 0, 2 do
    fields[found[2][i]] = found[2][i + 1]
  end
  local of, number = shard .. 'session:' .. (fields.session or ''), fields.segment or ''
  if of == session and number == segment or not (said_of(of, 'job:' .. number) or said_of(of, 'spec:' .. number)) then
    samples = string.match(fields.samples or '', '^%d+$') or samples
    remove_entry()
  end
end

-- Tell the history of the gateways, if one is kept of this session. The stream has a bound, which the session's hash
-- names: over it the oldest entries go, and are counted.
local function tell_history(kept, outcome)
  local most, about = string.match(kept, '^(%d+) (.*)$')
  local history = shard .. 'history'
  local over = redis.call('XLEN', history) + 1 - tonumber(most)
  redis.call('XADD', history, 'MAXLEN', most, '*', 'about', about, 'notice', outcome, 'samples', samples)
  if over > 0 then
    redis.pcall('HINCRBY', figures, 'left_out', over)
  end
end

-- End the segment and tell the gateway that has the session at this moment.
local function conclude(state, outcome)
  redis.call('HSET', session, 'end:' .. segment, state .. ' ' .. attempt, 'result:' .. segment, outcome)
  redis.call('HDEL', session, 'job:' .. segment, 'failures:' .. segment)
  redis.call('PEXPIRE', session, SESSION_TTL_MS)
  local known = redis.call('HMGET', session, 'gateway', 'history')
  if known[1] then
    redis.call('SPUBLISH', shard .. 'results:' .. known[1], outcome)
  end
  if known[2] then
    tell_history(known[2], outcome)
  end
  remove_entry()
end
