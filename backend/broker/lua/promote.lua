#!lua flags=allow-oom
-- Make the speculation of an ended segment its job, if attempt and number of samples are the same.
-- KEYS: session hash, backlog, history, its figures
-- ARGV: segment, attempt, samples, lifetime in ms
-- Returns {"gone"}, {"ended", end, result, text}, {"queued", samples ahead} or {"submit"}: nothing to promote.
local hash, backlog, history, figures = unpack(KEYS)
local n, attempt, samples, lifetime = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]

local function queued(stream)
  return {"queued", math.max(0, (tonumber(redis.call("HGET", backlog, stream)) or 0) - samples)}
end

-- Return the attempt of an entry; nil if the entry is no longer in its stream.
local function attempt_of(stream, id)
  local entry = redis.call("XRANGE", stream, id, id)[1]
  for i = 1, entry and #entry[2] or 0, 2 do
    if entry[2][i] == "attempt" then
      return tonumber(entry[2][i + 1])
    end
  end
end

if redis.call("EXISTS", hash) == 0 then
  return {"gone"}
end
redis.call("PEXPIRE", hash, lifetime)
local known = redis.call("HMGET", hash, "end:" .. n, "job:" .. n, "spec:" .. n, "result:" .. n, "text:" .. n)
if known[1] then
  local state, of = string.match(known[1], "^(%a+) (%d+)$")
  if state ~= "failed" or tonumber(of) >= attempt then
    return {"ended", known[1], known[4] or "", known[5] or ""}
  end
  return {"submit"}
end
if known[2] then -- promoted before the reply was lost, or submitted by another gateway
  local of, stream = string.match(known[2], "^(%d+) %S+ (.+)$")
  return tonumber(of) >= attempt and queued(stream) or {"submit"}
end

local of, id, stream = string.match(known[3] or "", "^(%d+) (%S+) (.+)$")
if tonumber(of) == samples then
  local read, result = pcall(cjson.decode, known[4] or "")
  if read and type(result) == "table" and result.attempt == attempt then
    local ended = string.format("final %d", attempt)
    redis.call("HSET", hash, "end:" .. n, ended)
    redis.call("HDEL", hash, "spec:" .. n)
    tell_history(hash, history, figures, "notice", known[4], "samples", samples)
    return {"ended", ended, known[4], ""}
  end
  if attempt_of(stream, id) == attempt then
    redis.call("HSET", hash, "job:" .. n, string.format("%d %s %s", attempt, id, stream))
    redis.call("HDEL", hash, "spec:" .. n)
    return queued(stream)
  end
end
drop_speculation(hash, n, backlog)
return {"submit"}
