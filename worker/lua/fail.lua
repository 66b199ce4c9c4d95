-- Count a failed decode: hand the job back, or after the last failure make it a dead letter.
-- KEYS 6 dead letters, 7 sweep lock. ARGV 9 consumer, 10 most failures, 11 name for entries that nobody holds,
-- 12 idle time that makes an entry claimable, 13 most dead letters, 14 their age limit in ms.
local dead, sweep = KEYS[6], KEYS[7]
local consumer, most_failures, returned, claimable_ms = ARGV[9], tonumber(ARGV[10]), ARGV[11], ARGV[12]

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
redis.call('XADD', dead, 'MAXLEN', ARGV[13], '*', unpack(letter))
local now = redis.call('TIME')
redis.call('XTRIM', dead, 'MINID', string.format('%.0f', now[1] * 1000 - ARGV[14]))
remove_entry()
conclude('failed')
return 'dead'
