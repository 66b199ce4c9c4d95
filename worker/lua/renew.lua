-- Renew leases of entries of KEYS[1] (ARGV 3 …) that are still this consumer's; return the ids of the others.
local group, consumer = ARGV[1], ARGV[2]
local lost = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local mine = #redis.call('XPENDING', KEYS[1], group, id, id, 1, consumer) == 1
  if not mine or #redis.call('XCLAIM', KEYS[1], group, consumer, 0, id, 'IDLE', 0, 'JUSTID') == 0 then
    lost[#lost + 1] = id
  end
end
return lost
