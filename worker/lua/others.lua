-- What other consumers have: jobs that were delivered once, as another one may be what ends workers. Reads only.
-- KEYS streams. ARGV 1 group, 2 this consumer, 3 name for entries that nobody holds.
-- Returns {stream, entry, samples, who has it, since when that one was silent in ms} of each, 32 of a stream at most.
local found = {}
for _, stream in ipairs(KEYS) do
  local pending = redis.pcall('XPENDING', stream, ARGV[1], '-', '+', 32)
  for _, one in ipairs(pending.err and {} or pending) do
    local entry = one[2] ~= ARGV[2] and one[2] ~= ARGV[3] and one[4] == 1 and redis.call('XRANGE', stream, one[1], one[1])[1]
    local fields = {}
    for i = 1, entry and #entry[2] or 0, 2 do
      fields[entry[2][i]] = entry[2][i + 1]
    end
    if fields.kind == 'recognise' then
      found[#found + 1] = {stream, one[1], tonumber(fields.samples) or 0, one[2], one[3]}
    end
  end
end
return found
