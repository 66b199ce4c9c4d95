#!lua flags=no-writes,allow-oom
-- Return the queues with their ages, the workers and the used memory. Read only; no audio leaves the broker.
-- KEYS: backlog, workers
-- ARGV: milliseconds after which a worker is gone
-- Returns {used memory, its limit (0: none), {{stream, samples, entries, ms of the oldest}, ...}, {status, ...},
--          now in ms}.
local backlog, workers = unpack(KEYS)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local streams = {}
local waiting = redis.call("HGETALL", backlog)
for i = 1, #waiting, 2 do
  local stream = waiting[i]
  local entries, age = redis.call("XLEN", stream), 0
  if entries > 0 then
    local oldest = redis.call("XRANGE", stream, "-", "+", "COUNT", 1)[1][1]
    age = math.max(0, now - tonumber(string.match(oldest, "^%d+")))
  end
  streams[#streams + 1] = {stream, tonumber(waiting[i + 1]), entries, age}
end

local statuses = {}
for _, status in ipairs(redis.call("HVALS", workers)) do
  local known, decoded = pcall(cjson.decode, status)
  local at = known and type(decoded) == "table" and tonumber(decoded.at_ms) or 0
  if math.abs(now - at) <= tonumber(ARGV[1]) then -- a status from the future is from before the clock was set back
    statuses[#statuses + 1] = status
  end
end

local memory = redis.call("INFO", "memory")
local used = tonumber(string.match(memory, "used_memory:(%d+)")) or 0
local limit = tonumber(string.match(memory, "maxmemory:(%d+)")) or 0
return {used, limit, streams, statuses, now}
