#!lua
-- Request a hypothesis of a segment that has not ended. Best effort: nothing is added that could delay a job, to a
-- stream that no worker has made, or to a stream with enough requests. Without allow-oom.
-- Entries are bounded by their number: each is smaller than a known size, so their bytes are bounded too.
-- KEYS: stream of partials, then every stream of jobs that the same workers take
-- ARGV: slots of those workers, most entries, ms after which a request is stale, then fields and values
-- Returns "queued", "busy" or "nobody".
local partials, slots, most, stale_ms = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

if jobs_in(2) >= slots then
  return "busy"
end
local time = redis.call("TIME")
redis.call("XTRIM", partials, "MINID", string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000) - stale_ms))
if redis.call("XLEN", partials) >= most then
  return "busy"
end
-- Write it neither to disk nor to replicas: it is worthless there, and would be most of what is written.
redis.set_repl(redis.REPL_NONE)
return redis.call("XADD", partials, "NOMKSTREAM", "*", unpack(ARGV, 4)) and "queued" or "nobody"
