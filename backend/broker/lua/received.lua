#!lua flags=allow-oom
-- Note that the client has stored this result. The end stays, so that a late duplicate is never taken for a new
-- segment. The text of a recognised segment stays too, so that any gateway can return the texts of the session. A
-- failure stays unchanged: a client that returns later must learn its attempt, in order to begin a higher one.
-- KEYS: session hash
-- ARGV: segment, lifetime in ms
-- Returns "gone" or "received".
local hash = KEYS[1]
local n, lifetime = unpack(ARGV)

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)
local stored = redis.call("HGET", hash, "result:" .. n)
if stored then
  local known, result = pcall(cjson.decode, stored)
  if known and type(result) == "table" and result.type == "result" and type(result.text) == "string" then
    redis.call("HSET", hash, "text:" .. n, result.text)
    redis.call("HDEL", hash, "result:" .. n)
  end
end
return "received"
