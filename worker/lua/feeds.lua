-- Take pieces of live speech; those that nobody waits for any more are dropped unread.
-- KEYS streams of live speech. ARGV 1 ms after which nobody waits, then the most pieces of each stream.
redis.set_repl(redis.REPL_NONE)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, stream in ipairs(KEYS) do
  named(stream, 'stream[-of]*:%S+', 'a stream of live speech')
end
local taken = {}
for i, stream in ipairs(KEYS) do
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f', now - ARGV[1]))
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', tonumber(ARGV[i + 1]))) do
    redis.call('XDEL', stream, entry[1])
    taken[#taken + 1] = {stream, entry[1], 1, entry[2]}
  end
end
return {now, taken}
