-- Count a failed decode: hand the job back, or after the last failure make it a dead letter.
-- KEYS 5 sweep lock. ARGV 10 consumer, 11 most failures, 12 name for entries that nobody holds, 13 idle time that
-- makes an entry claimable, 14 dead letters (written only, as the history), 15 most of them, 16 their age limit in ms.
local sweep, consumer, most_failures, returned = KEYS[5], ARGV[10], tonumber(ARGV[11]), ARGV[12]
local claimable_ms, dead, most_dead, dead_ms = ARGV[13], ARGV[14], ARGV[15], ARGV[16]

if standing() ~= 'job' then -- a failed speculation is forgotten: the segment itself will be submitted
  remove_entry()
  return 'gone'
end
if #redis.call('XPENDING', stream, group, entry, entry, 1, consumer) == 0 then
  return 'lost'
end

local failures = redis.call('HINCRBY', session, 'failures:' .. segment, 1)
if failures < most_failures then
  redis.call('PEXPIRE', session, session_ttl_ms)
  redis.call('XCLAIM', stream, group, returned, 0, entry, 'IDLE', claimable_ms, 'JUSTID')
  redis.call('DEL', sweep)
  return 'again'
end

local found = redis.call('XRANGE', stream, entry, entry)
local letter = found[1] and found[1][2] or {}
letter[#letter + 1] = 'failure'
letter[#letter + 1] = notice
redis.call('XADD', dead, 'MAXLEN', most_dead, '*', unpack(letter))
local now = redis.call('TIME')
redis.call('XTRIM', dead, 'MINID', string.format('%.0f', now[1] * 1000 - dead_ms))
remove_entry()
conclude('failed')
return 'dead'
