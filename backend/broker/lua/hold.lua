#!lua flags=allow-oom
-- Note that a gateway still has these transient sessions, which no client can resume. The gateway of a session that
-- was not noted for a long time is gone.
-- KEYS: transient sessions
-- ARGV: lifetime of the hash in ms, ms after which a session counts as left, session, ...
-- Returns the sessions that were left.
local transient = KEYS[1]
local lifetime, gone = ARGV[1], tonumber(ARGV[2])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if redis.call("TYPE", transient).ok ~= "hash" then
  redis.call("DEL", transient)
end
for i = 3, #ARGV do
  redis.call("HSET", transient, ARGV[i], string.format("%.0f", now))
end
local left = {}
local known = redis.call("HGETALL", transient)
for i = 1, #known, 2 do
  local at = tonumber(known[i + 1])
  if not at or at > now then -- the clock was set back
    redis.call("HSET", transient, known[i], string.format("%.0f", now))
  elseif now - at >= gone then
    left[#left + 1] = known[i]
  end
end
redis.call("PEXPIRE", transient, lifetime)
return left
