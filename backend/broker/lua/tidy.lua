#!lua flags=allow-oom
-- Note which models workers have at this moment, and drop old dead letters and requests for partials.
-- KEYS: models on offer, workers, dead letters, then streams of partials
-- ARGV: ms after which a worker is gone, ms after which a model is forgotten, ms after which a request is stale,
-- ms for which dead letters are kept
-- Returns {model, ms since a worker had it, ...}.
local offered, workers, dead = unpack(KEYS)
local gone_ms, forgotten_ms, stale_ms = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local kept_ms = tonumber(ARGV[4])
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, status in ipairs(redis.call("HVALS", workers)) do
  local known, said = pcall(cjson.decode, status)
  local here = known and type(said) == "table" and type(said.model) == "string" and #said.model <= 64
  if here and said.state ~= "failed" and math.abs(now - (tonumber(said.at_ms) or 0)) <= gone_ms then
    redis.call("HSET", offered, said.model, string.format("%.0f", now))
  end
end
for i = 4, #KEYS do
  redis.call("XTRIM", KEYS[i], "MINID", string.format("%.0f", now - stale_ms))
end
if redis.call("TYPE", dead).ok == "stream" then -- a worker does so too, but only when another segment fails
  redis.call("XTRIM", dead, "MINID", string.format("%.0f", now - kept_ms))
end

local ages = {}
local known = redis.call("HGETALL", offered)
for i = 1, #known, 2 do
  local age = now - (tonumber(known[i + 1]) or 0)
  if age < 0 then -- the clock was set back
    redis.call("HSET", offered, known[i], string.format("%.0f", now))
    age = 0
  end
  if age > forgotten_ms then
    redis.call("HDEL", offered, known[i])
  else
    ages[#ages + 1] = known[i]
    ages[#ages + 1] = age
  end
end
return ages
