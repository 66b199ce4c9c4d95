#!lua flags=no-writes,allow-oom
-- Return the streaming workers that still report their status. Read only.
-- KEYS: status of the streaming workers
-- ARGV: milliseconds after which a worker is gone
-- Returns {status, ...}.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local statuses = {}
for _, status in ipairs(redis.call("HVALS", KEYS[1])) do
  local known, decoded = pcall(cjson.decode, status)
  local at = known and type(decoded) == "table" and tonumber(decoded.at_ms) or 0
  if math.abs(now - at) <= tonumber(ARGV[1]) then -- a status from the future is from before the clock was set back
    statuses[#statuses + 1] = status
  end
end
return statuses
