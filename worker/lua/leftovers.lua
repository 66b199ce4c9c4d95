-- Read up to ARGV[3] new entries that have been left to others for long enough, the first stream first.
-- ARGV 4 …: for each stream, how old an entry must be, in ms.
-- Returns {now, entries, ms until the next one is old enough (-1: none waits)}.
local group, consumer, free = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken, due = {}, -1

local function last_read(stream)
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  for _, info in ipairs(groups.err and {} or groups) do
    local about = {}
    for i = 1, #info, 2 do
      about[info[i]] = info[i + 1]
    end
    if about.name == group then
      return about['last-delivered-id']
    end
  end
  return redis.error_reply('NOGROUP no group ' .. group)
end

for i, stream in ipairs(KEYS) do
  local age = tonumber(ARGV[3 + i])
  local last = last_read(stream)
  if type(last) == 'table' then
    return last
  end
  while #taken < free do
    local first = redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
    if not first then
      break
    end
    local passed = now - tonumber(string.match(first[1], '^%d+'))
    local left = passed < 0 and 0 or age - passed -- of the future: the clock was set back, by hours perhaps
    if left > 0 then
      due = due < 0 and left or math.min(due, left)
      break
    end
    local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', 1, 'STREAMS', stream, '>')
    local entry = read[1][2][1]
    taken[#taken + 1] = {stream, entry[1], 1, entry[2]}
    last = entry[1]
  end
end
return {now, taken, due}
