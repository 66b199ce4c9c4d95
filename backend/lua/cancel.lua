#!lua flags=allow-oom
-- Forget a segment, whatever has become of it.
-- KEYS: session hash, backlog
-- ARGV: segment, attempt, lifetime in ms
-- Returns "gone" or "cancelled".
local hash, backlog = unpack(KEYS)
local n, attempt, lifetime = unpack(ARGV)

if redis.call("EXISTS", hash) == 0 then
  return "gone"
end
redis.call("PEXPIRE", hash, lifetime)

for _, field in ipairs({"job:", "spec:"}) do
  local waiting = redis.call("HGET", hash, field .. n)
  if waiting then
    local id, stream = string.match(waiting, "^%d+ (%S+) (.+)$")
    local entry = redis.call("XRANGE", stream, id, id)[1]
    redis.call("XACK", stream, "workers", id) -- a worker that decodes it finds its lease lost
    if entry and redis.call("XDEL", stream, id) == 1 then
      for i = 1, #entry[2], 2 do
        if entry[2][i] == "samples" then
          redis.call("HINCRBY", backlog, stream, -tonumber(entry[2][i + 1]))
        end
      end
    end
  end
end
redis.call("HDEL", hash, "job:" .. n, "spec:" .. n, "result:" .. n, "text:" .. n, "failures:" .. n)
redis.call("HSET", hash, "end:" .. n, "cancelled " .. attempt)
return "cancelled"
