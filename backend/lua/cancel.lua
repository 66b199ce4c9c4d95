#!lua flags=allow-oom
-- Forget a segment, whatever has become of it.
-- KEYS: session hash, backlog, history, its figures
-- ARGV: segment, attempt, lifetime in ms, session
-- Returns "gone" or "cancelled".
local hash, backlog, history, figures = unpack(KEYS)
local n, attempt, lifetime, session = unpack(ARGV)

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
tell_history(hash, history, figures, "session", session, "segment", n, "attempt", attempt)
return "cancelled"
