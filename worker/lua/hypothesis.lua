-- Publish what a segment may say to the gateway of its session, unless it has ended or is complete. 1: published.
-- KEYS 1 session. ARGV 1 segment, 2 notice.
local shard, identity = named(KEYS[1], 'session:(.*)', 'a session')
local segment = ARGV[1]
local hypothesis = made_anew('hypothesis', ARGV[2], identity, segment)
local known = redis.call('HMGET', KEYS[1], 'gateway', 'end:' .. segment, 'job:' .. segment)
if not known[1] or known[2] or known[3] then
  return 0
end
redis.call('SPUBLISH', shard .. 'results:' .. known[1], hypothesis)
return 1
