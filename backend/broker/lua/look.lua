#!lua flags=allow-oom
-- Return the state of some segments. A job whose entry no longer exists is deleted, so that the gateway asks for the
-- audio again.
-- KEYS: session hash
-- ARGV: segment, ...
-- Returns {gateway, epoch, job, end, result, text of the first segment, ... of the second, ...}.
local hash = KEYS[1]
local seen = redis.call("HMGET", hash, "gateway", "epoch")
for _, n in ipairs(ARGV) do
  local fields = redis.call("HMGET", hash, "job:" .. n, "end:" .. n, "result:" .. n, "text:" .. n)
  if fields[1] then
    local id, stream = string.match(fields[1], "^%d+ (%S+) (.+)$")
    if #redis.call("XRANGE", stream, id, id) == 0 then
      redis.call("HDEL", hash, "job:" .. n)
      fields[1] = false
    end
  end
  for i = 1, 4 do
    seen[#seen + 1] = fields[i]
  end
end
return seen
