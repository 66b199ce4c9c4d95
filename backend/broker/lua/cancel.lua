#!lua flags=allow-oom
-- Cancel a segment in any state. The history is notified only if the segment was known here and not cancelled yet:
-- a client also cancels old segments that it no longer waits for, whose hash has expired since.
-- KEYS: session hash, backlog, history, its figures
-- ARGV: segment, attempt, lifetime in ms, session
-- Returns "gone" or "cancelled".
local hash, backlog, history, figures = unpack(KEYS)
local n, attempt, lifetime, session = unpack(ARGV)

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)

local known = redis.call("HMGET", hash, "job:" .. n, "end:" .. n, "spec:" .. n)
local ended = known[2] and string.match(known[2], "^%a+")
local id, stream = string.match(known[1] or "", "^%d+ (%S+) (.+)$")
if id then
  remove_entry(stream, id, backlog)
end
drop_speculation(hash, n, backlog)
redis.call("HDEL", hash, "job:" .. n, "result:" .. n, "text:" .. n, "failures:" .. n)
redis.call("HSET", hash, "end:" .. n, "cancelled " .. attempt)
if ended ~= "cancelled" and (known[1] or known[3] or ended) then
  tell_history(hash, history, figures, "session", session, "segment", n, "attempt", attempt)
end
return "cancelled"
