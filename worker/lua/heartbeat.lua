-- Put the broker's time into this worker's status, store it, and remove workers that have been silent for long.
-- KEYS 1 workers. ARGV 1 worker, 2 status as JSON with "at_ms":0.
assert(KEYS[1] == 'kiki:workers' or string.match(KEYS[1], '^kiki:{%d+}:workers$'), 'not the workers')
assert(#ARGV[1] + #ARGV[2] <= 16384, 'not a status, which is shorter')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local status = string.gsub(ARGV[2], '"at_ms":0', '"at_ms":' .. string.format('%.0f', now))
local known, said = pcall(cjson.decode, status)
assert(known and type(said) == 'table' and said.at_ms == now, 'not a status')
redis.call('HSET', KEYS[1], ARGV[1], status)
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local at = tonumber(string.match(fields[i + 1], '"at_ms":(%d+)')) or 0
  if math.abs(now - at) > WORKER_GONE_MS then -- one of the future would stay for ever
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
return now
