-- Take up to ARGV[3] requests for partials, the first stream first; nothing of them stays, not even pending.
-- ARGV 4 ms after which nobody wants the answer any more: such requests are dropped unread.
local group, consumer, free = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken = {}
for _, stream in ipairs(KEYS) do -- what follows deletes
  named(stream, 'partials:%S+', 'a stream of partials')
end

-- A worker that waits reads jobs and partials in one command, which cannot acknowledge the one and not the other:
-- what it was given is pending until it comes here, or, if it died before it could, until anybody does.
local function forget_pending(stream)
  local pending = redis.call('XPENDING', stream, group, '-', '+', 100)
  while #pending > 0 do
    for _, entry in ipairs(pending) do
      redis.call('XACK', stream, group, entry[1])
      redis.call('XDEL', stream, entry[1])
    end
    pending = redis.call('XPENDING', stream, group, '-', '+', 100)
  end
end

for _, stream in ipairs(KEYS) do
  redis.call('XTRIM', stream, 'MINID', string.format('%.0f', now - ARGV[4]))
  forget_pending(stream)
  if #taken < free then
    local count = free - #taken
    local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'NOACK', 'STREAMS', stream, '>')
    for _, entry in ipairs(read and read[1][2] or {}) do
      redis.call('XDEL', stream, entry[1])
      taken[#taken + 1] = {stream, entry[1], 1, entry[2]}
    end
  end
end
return {now, taken}
