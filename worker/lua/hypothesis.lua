-- Publish what a segment may say to the gateway of its session, unless it has ended or is complete. 1: published.
-- KEYS 1 session. ARGV 1 segment, 2 channel without the gateway, 3 notice.
local segment, results_prefix, notice = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'gateway', 'end:' .. segment, 'job:' .. segment)
if not known[1] or known[2] or known[3] then
  return 0
end
redis.call('SPUBLISH', results_prefix .. known[1], notice)
return 1
