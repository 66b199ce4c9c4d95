#!lua flags=allow-oom
-- The session is over and the client has all of it: what was said need not stay here. The ends stay, so that a late
-- twin can never be new again.
-- KEYS: session hash, history, its figures
-- ARGV: lifetime in ms, session
-- Returns "gone" or "forgotten".
local hash = KEYS[1]

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, ARGV[1])
for _, name in ipairs(redis.call("HKEYS", hash)) do
  if string.sub(name, 1, 5) == "text:" then
    redis.call("HDEL", hash, name)
  end
end
tell_history(hash, KEYS[2], KEYS[3], "session", ARGV[2])
return "forgotten"
