#!lua flags=allow-oom
-- Delete the texts of a finished session, since the client has all of them. The ends stay, so that a late duplicate
-- is never taken for a new segment.
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
