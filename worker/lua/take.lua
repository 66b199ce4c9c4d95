-- Read up to ARGV[3] new entries, the first stream first. COUNT alone would be per stream.
local group, consumer, free = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = redis.call('TIME')
local taken = {}
for _, stream in ipairs(KEYS) do
  if #taken < free then
    local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', free - #taken, 'STREAMS', stream, '>')
    for _, entry in ipairs(read and read[1][2] or {}) do
      taken[#taken + 1] = {stream, entry[1], 1, entry[2]}
    end
  end
end
return {now[1] * 1000 + math.floor(now[2] / 1000), taken}
