-- Claim up to ARGV[3] entries whose lease ran out, unless another worker looked a moment ago.
-- KEYS 1 sweep lock, then streams of jobs (ARGV 5: so many), then streams of partials, which nobody claims.
-- ARGV 4 idle time of a forgotten consumer.
-- Returns {stream, entry, deliveries, fields, who had it, since when that one was silent in ms} of each.
local group, consumer, free = ARGV[1], ARGV[2], tonumber(ARGV[3])
named(KEYS[1], 'sweep', 'the lock of the sweeps')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claimed = {}

-- The lock holds the time at which it was taken. If that is still to come, the clock was set back, by hours perhaps:
-- the lock and every lease would outlast that. Then all leases begin anew, as those who work renew theirs anyway.
local function lease_anew(stream)
  local from = '-'
  repeat
    local page = redis.pcall('XPENDING', stream, group, from, '+', 100)
    for _, one in ipairs(page.err and {} or page) do
      local idle = one[2] == RETURNED and CLAIMABLE_MS or 0
      redis.call('XCLAIM', stream, group, one[2], 0, one[1], 'IDLE', idle, 'JUSTID')
      from = '(' .. one[1]
    end
  until page.err or #page < 100
end

local function locked()
  local stamp = string.format('%.0f', now)
  local since = redis.call('SET', KEYS[1], stamp, 'NX', 'GET', 'PX', SWEEP_LOCK_MS)
  if since and (tonumber(since) or 0) > now then
    redis.call('SET', KEYS[1], stamp, 'PX', SWEEP_LOCK_MS)
    for i = 2, 1 + ARGV[5] do
      lease_anew(KEYS[i])
    end
    since = nil
  end
  return not since
end

-- Claiming does not tell from whom.
local function holders(stream)
  local found = {}
  for _, one in ipairs(redis.call('XPENDING', stream, group, 'IDLE', LEASE_MS, '-', '+', free - #claimed)) do
    found[one[1]] = one
  end
  return found
end

-- XAUTOCLAIM looks at ten times COUNT entries only: follow its cursor, or live leases hide the dead ones.
local function claim(stream)
  local cursor, before = '0-0', holders(stream)
  repeat
    local found = redis.call('XAUTOCLAIM', stream, group, consumer, LEASE_MS, cursor, 'COUNT', free - #claimed)
    cursor = found[1]
    for _, entry in ipairs(found[2]) do
      local pending = redis.call('XPENDING', stream, group, entry[1], entry[1], 1)
      local held = before[entry[1]] or {'', '', 0}
      claimed[#claimed + 1] = {stream, entry[1], pending[1][4], entry[2], held[2], held[3]}
    end
  until cursor == '0-0' or #claimed >= free
end

-- A consumer may only be deleted when nothing is pending for it: its entries would be lost with it.
-- A gateway removes streams that nobody uses any more: who reads them next makes them again.
local function forget_consumers(stream)
  local known = redis.pcall('XINFO', 'CONSUMERS', stream, group)
  for _, info in ipairs(known.err and {} or known) do
    local about = {}
    for i = 1, #info, 2 do
      about[info[i]] = info[i + 1]
    end
    if about.pending == 0 and about.idle > tonumber(ARGV[4]) then
      redis.call('XGROUP', 'DELCONSUMER', stream, group, about.name)
    end
  end
end

if locked() then
  for i = 2, #KEYS do
    if i <= 1 + ARGV[5] and #claimed < free then
      claim(KEYS[i])
    end
    forget_consumers(KEYS[i])
  end
end
return {now, claimed}
