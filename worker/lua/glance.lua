-- What there is to do, without a look at any audio.
-- KEYS 1 backlog, then streams. ARGV 1 group.
-- Returns for each stream {samples that wait or are decoded, entries, ms since an entry came that somebody has read}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for i = 2, #KEYS do
  local samples = tonumber(redis.call('HGET', KEYS[1], KEYS[i])) or 0
  local ago = now
  local groups = redis.pcall('XINFO', 'GROUPS', KEYS[i])
  for _, info in ipairs(groups.err and {} or groups) do
    local about = {}
    for j = 1, #info, 2 do
      about[info[j]] = info[j + 1]
    end
    if about.name == ARGV[1] then
      ago = now - tonumber(string.match(about['last-delivered-id'], '^%d+'))
    end
  end
  found[#found + 1] = {samples, redis.call('XLEN', KEYS[i]), math.max(0, ago)}
end
return found
