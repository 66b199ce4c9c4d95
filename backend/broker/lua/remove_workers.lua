#!lua flags=allow-oom
-- Remove what vanished workers left behind: consumers without pending entries, and empty streams without a consumer.
-- A worker that needs such a stream makes it again.
-- KEYS: streams. ARGV: consumers. Returns the consumers that have pending entries, which others claim as usual.
local waiting = {}

local function is_used(stream)
  if redis.call("XLEN", stream) > 0 then
    return true
  end
  for _, info in ipairs(redis.call("XINFO", "CONSUMERS", stream, "workers")) do
    local about = {}
    for i = 1, #info, 2 do
      about[info[i]] = info[i + 1]
    end
    if about.name ~= "returned" or about.pending > 0 then
      return true
    end
  end
  return false
end

for _, stream in ipairs(KEYS) do
  for _, consumer in ipairs(ARGV) do
    local pending = redis.pcall("XPENDING", stream, "workers", "-", "+", 1, consumer)
    if not pending.err and #pending > 0 then
      waiting[#waiting + 1] = consumer
    elseif not pending.err then
      redis.call("XGROUP", "DELCONSUMER", stream, "workers", consumer)
    end
  end
  if not redis.pcall("XINFO", "CONSUMERS", stream, "workers").err and not is_used(stream) then
    redis.call("DEL", stream)
  end
end
return waiting
