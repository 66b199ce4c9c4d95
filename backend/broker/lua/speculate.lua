#!lua
-- Queue the beginning of a segment, in case it ends here, unless that could delay a job. Without allow-oom.
-- A newer speculation replaces an older one, which is certainly wrong: more was said.
-- KEYS: session hash, stream, backlog, then every stream of jobs that the same workers take
-- ARGV: segment, samples, lifetime in ms, slots of those workers, then the entry's fields and values
-- Returns "gone", "late" (the segment has a job or an end), "busy" or "queued".
local hash, stream, backlog = unpack(KEYS)
local n, samples, lifetime, slots = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)
local known = redis.call("HMGET", hash, "job:" .. n, "end:" .. n)
if known[1] or known[2] then
  return "late"
end
drop_speculation(hash, n, backlog)
if jobs_in(4) >= slots then
  return "busy"
end
local id = redis.call("XADD", stream, "*", unpack(ARGV, 5))
redis.call("HSET", hash, "spec:" .. n, samples .. " " .. id .. " " .. stream)
redis.call("HINCRBY", backlog, stream, samples)
return "queued"
