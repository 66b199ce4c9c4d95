#!lua
-- Put a segment into its stream, once per attempt. Without allow-oom: a full broker must refuse it before it begins.
-- A speculation that the segment still has was wrong, or was requested by another gateway: it is deleted.
-- KEYS: session hash, stream, backlog
-- ARGV: segment, attempt, samples, lifetime in ms, what it replaces (JSON; empty: nothing), then the entry's fields
--       and values
-- Returns {"gone"}, {"ended", end, result, text} or {"queued", samples of the stream ahead of it}.
local hash, stream, backlog = unpack(KEYS)
local n, attempt, samples, lifetime, replaces = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]

if redis.call("EXISTS", hash) == 0 then
  return {"gone"}
end
redis.call("PEXPIRE", hash, lifetime)

local ended = redis.call("HMGET", hash, "end:" .. n, "result:" .. n, "text:" .. n)
if ended[1] then
  local state, of = string.match(ended[1], "^(%a+) (%d+)$")
  if state ~= "failed" or tonumber(of) >= attempt then
    return {"ended", ended[1], ended[2] or "", ended[3] or ""}
  end
end

local job = redis.call("HGET", hash, "job:" .. n)
if job then
  local of, id, at = string.match(job, "^(%d+) (%S+) (.+)$")
  if tonumber(of) >= attempt then
    return {"queued", math.max(0, (tonumber(redis.call("HGET", backlog, at)) or 0) - samples)}
  end
  remove_entry(at, id, backlog)
end

drop_speculation(hash, n, backlog)
redis.call("HDEL", hash, "end:" .. n, "result:" .. n, "failures:" .. n)
local id = redis.call("XADD", stream, "*", unpack(ARGV, 6))
redis.call("HSET", hash, "job:" .. n, attempt .. " " .. id .. " " .. stream)
if replaces ~= "" then -- the history reads this, to count the audio once
  redis.call("HSET", hash, "span:" .. n, replaces)
  for piece in string.gmatch(replaces, "%d+") do
    redis.call("HSET", hash, "part:" .. piece, n)
  end
end
return {"queued", redis.call("HINCRBY", backlog, stream, samples) - samples}
