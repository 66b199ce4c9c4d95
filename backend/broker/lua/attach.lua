#!lua flags=allow-oom
-- Bind a session to a gateway, at every hello, and notify the gateway that had it before.
-- KEYS: session hash
-- ARGV: session, owner, gateway, resume (0 or 1), create (0: only a known session), nonce of this hello,
--       lifetime in ms, that of a session without segments, prefix of result channels, instance and number of the client's connection,
--       what the history stores about the session (empty: no history is kept)
-- Returns {"forbidden"}, {"superseded"}: a later connection of this client was here, {"exists"}, {"unknown"} or {"attached", epoch, {field, value, ...}}.
local hash = KEYS[1]
local session, owner, gateway, resume, create, nonce, lifetime, unused, channels, hello, history = unpack(ARGV)

local known = redis.call("HMGET", hash, "owner", "gateway", "nonce", "hello")
if known[1] and known[1] ~= owner then
  return {"forbidden"}
end
local instance, number = string.match(hello, "^(%S+) (%d+)$")
local before, latest = string.match(known[4] or "", "^(%S+) (%d+)$")
if instance and instance == before and tonumber(number) < tonumber(latest) then
  return {"superseded"}
end
if known[1] and resume == "0" and known[3] ~= nonce then -- the same nonce: our own hello, sent again
  return {"exists"}
end
if not known[1] and create == "0" then
  return {"unknown"}
end

local epoch = redis.call("HINCRBY", hash, "epoch", 1)
redis.call("HSET", hash, "owner", owner, "gateway", gateway, "nonce", nonce, "hello", hello)
if history ~= "" then
  redis.call("HSET", hash, "history", history)
else
  redis.call("HDEL", hash, "history")
end
-- A session without segments expires sooner: hellos alone must not fill the broker.
local own_fields = 5 + redis.call("HEXISTS", hash, "history") -- owner, gateway, nonce, hello, epoch
local said = redis.call("HLEN", hash) > own_fields
redis.call("PEXPIRE", hash, said and lifetime or unused)
if known[2] and known[2] ~= gateway then
  local detached = {type = "detached", session = session, gateway = gateway, epoch = epoch}
  redis.call("SPUBLISH", channels .. known[2], cjson.encode(detached))
end
return {"attached", epoch, redis.call("HGETALL", hash)}
