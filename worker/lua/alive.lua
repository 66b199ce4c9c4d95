-- Say that this worker takes live speech, or (lifetime 0) that it leaves. Its streams exist only as long as it says so:
-- a gateway that finds none knows at once that nobody would answer.
-- KEYS 1 status of the streaming workers, 2 the stream of this worker alone, then those that it shares with others.
-- ARGV 1 worker, 2 lifetime of the streams in ms, 3 status as JSON with "at_ms":0.
redis.set_repl(redis.REPL_NONE) -- neither on disk nor on a replica: it is worthless a moment later
local lifetime = tonumber(ARGV[2])
named(KEYS[1], 'streamers', 'the streaming workers')
named(KEYS[2], 'stream%-of:%S+', 'the stream of a worker')
for i = 3, #KEYS do
  named(KEYS[i], 'stream:%S+', 'a stream of live speech')
end
if lifetime <= 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HDEL', KEYS[1], ARGV[1])
  return 0
end

assert(#ARGV[1] + #ARGV[3] <= 16384, 'not a status, which is shorter')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local status = string.gsub(ARGV[3], '"at_ms":0', '"at_ms":' .. string.format('%.0f', now))
local known, said = pcall(cjson.decode, status)
assert(known and type(said) == 'table' and said.at_ms == now, 'not a status')
redis.call('HSET', KEYS[1], ARGV[1], status)
redis.call('PEXPIRE', KEYS[1], WORKER_GONE_MS)
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local at = tonumber(string.match(fields[i + 1], '"at_ms":(%d+)')) or 0
  if math.abs(now - at) > WORKER_GONE_MS then
    redis.call('HDEL', KEYS[1], fields[i])
  end
end
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then -- an empty stream
    redis.call('XDEL', KEYS[i], redis.call('XADD', KEYS[i], '*', 'made', '1'))
  end
  redis.call('PEXPIRE', KEYS[i], lifetime)
end
return now
