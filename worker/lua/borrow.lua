-- Read an entry that another consumer has and may keep: `finish` says who was first. Reads only.
-- KEYS 1 stream. ARGV 1 entry.
local time = redis.call('TIME')
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
local found = entry and {{KEYS[1], entry[1], 1, entry[2]}} or {}
return {time[1] * 1000 + math.floor(time[2] / 1000), found}
