#!lua flags=allow-oom
-- The client has this result on disk. Its end stays, so that a late twin can never be new again; of a recognised
-- segment the text stays too, so that any gateway can say what the whole session was. A failure stays as it is: a
-- client that comes back later must learn which attempt it was, or it could not begin a higher one.
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
