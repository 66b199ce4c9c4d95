#!lua flags=allow-oom
-- Forget a segment, whatever has become of it.
-- KEYS: session hash, backlog
-- ARGV: segment, attempt, lifetime in ms
-- Returns "gone" or "cancelled".
local hash, backlog = unpack(KEYS)
local n, attempt, lifetime = unpack(ARGV)

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)

local id, stream = string.match(redis.call("HGET", hash, "job:" .. n) or "", "^%d+ (%S+) (.+)$")
if id then
  remove_entry(stream, id, backlog)
end
drop_speculation(hash, n, backlog)
redis.call("HDEL", hash, "job:" .. n, "result:" .. n, "text:" .. n, "failures:" .. n)
redis.call("HSET", hash, "end:" .. n, "cancelled " .. attempt)
return "cancelled"
