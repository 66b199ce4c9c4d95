#!lua flags=allow-oom
-- The segment ended: make its speculation the job, if that was decoded up to this very sample.
-- KEYS: session hash, backlog
-- ARGV: segment, attempt, samples, lifetime in ms
-- Returns {"gone"}, {"ended", end, result, text}, {"queued", samples ahead} or {"submit"}: nothing to promote.
local hash, backlog = unpack(KEYS)
local n, attempt, samples, lifetime = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

if redis.call("EXISTS", hash) == 0 then
  return {"gone"}
end
redis.call("PEXPIRE", hash, lifetime)
local known = redis.call("HMGET", hash, "end:" .. n, "job:" .. n, "spec:" .. n, "result:" .. n, "text:" .. n)
if known[1] or known[2] or not known[3] then
  if known[1] then
    return {"ended", known[1], known[4] or "", known[5] or ""}
  end
  return {"submit"}
end

local of, id, stream = string.match(known[3], "^(%d+) (%S+) (.+)$")
redis.call("HDEL", hash, "spec:" .. n)
if tonumber(of) == samples then
  if known[4] then
    local ended = "final " .. attempt
    redis.call("HSET", hash, "end:" .. n, ended)
    return {"ended", ended, known[4], ""}
  end
  if #redis.call("XRANGE", stream, id, id) == 1 then
    redis.call("HSET", hash, "job:" .. n, attempt .. " " .. id .. " " .. stream)
    return {"queued", math.max(0, (tonumber(redis.call("HGET", backlog, stream)) or 0) - samples)}
  end
end
redis.call("HDEL", hash, "result:" .. n)
redis.call("XACK", stream, "workers", id)
if redis.call("XDEL", stream, id) == 1 then
  redis.call("HINCRBY", backlog, stream, -tonumber(of))
end
return {"submit"}
