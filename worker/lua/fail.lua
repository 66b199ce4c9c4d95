-- Count a failed decode: hand the job back, or after the last failure make it a dead letter.
-- KEYS 5 sweep lock. ARGV 6 consumer, 7 most failures.
local sweep, consumer, most_failures = KEYS[5], ARGV[6], tonumber(ARGV[7])
assert(sweep == shard .. 'sweep', 'not the lock of the sweeps')
assert(most_failures, 'not a number of failures')

local is = standing()
if not is then
  remove_stray()
  return 'gone'
end
local failure = made_anew('failure', notice, identity, segment, attempt)
if is == 'speculation' then -- a failed one is forgotten: the segment itself will be submitted
  remove_entry()
  return 'gone'
end
if #redis.call('XPENDING', stream, GROUP, entry, entry, 1, consumer) == 0 then
  return 'lost'
end

local failures = redis.call('HINCRBY', session, 'failures:' .. segment, 1)
if failures < most_failures then
  redis.call('PEXPIRE', session, SESSION_TTL_MS)
  redis.call('XCLAIM', stream, GROUP, RETURNED, 0, entry, 'IDLE', CLAIMABLE_MS, 'JUSTID')
  redis.call('DEL', sweep)
  return 'again'
end

local found = redis.call('XRANGE', stream, entry, entry)
local letter = found[1] and found[1][2] or {}
letter[#letter + 1] = 'failure'
letter[#letter + 1] = failure
local dead = shard .. 'dead'
local bytes = 1
for _, value in ipairs(letter) do
  bytes = bytes + #value
end
local most = math.max(1, math.min(DEAD_ENTRIES, math.floor(DEAD_BYTES / bytes)))
redis.call('XADD', dead, 'MAXLEN', most, '*', unpack(letter))
local now = redis.call('TIME')
redis.call('XTRIM', dead, 'MINID', string.format('%.0f', now[1] * 1000 - DEAD_MS))
conclude('failed', failure)
return 'dead'
