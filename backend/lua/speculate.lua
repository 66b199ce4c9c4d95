#!lua
-- Have a segment decoded up to here, in case it ends here. A newer speculation replaces an older one.
-- KEYS: session hash, stream, backlog
-- ARGV: segment, samples, lifetime in ms, then the entry's fields and values
-- Returns "gone", "late" (the segment has a job or an end) or "queued".
local hash, stream, backlog = unpack(KEYS)
local n, samples, lifetime = ARGV[1], tonumber(ARGV[2]), ARGV[3]

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)
local known = redis.call("HMGET", hash, "job:" .. n, "end:" .. n, "spec:" .. n)
if known[1] or known[2] then
  return "late"
end
if known[3] then
  local of, id, at = string.match(known[3], "^(%d+) (%S+) (.+)$")
  redis.call("XACK", at, "workers", id)
  if redis.call("XDEL", at, id) == 1 then
    redis.call("HINCRBY", backlog, at, -tonumber(of))
  end
end
redis.call("HDEL", hash, "result:" .. n)
local id = redis.call("XADD", stream, "*", unpack(ARGV, 4))
redis.call("HSET", hash, "spec:" .. n, samples .. " " .. id .. " " .. stream)
redis.call("HINCRBY", backlog, stream, samples)
return "queued"
