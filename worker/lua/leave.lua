-- Hand back everything that this consumer holds, claimable at once and as if never delivered; then delete it.
-- KEYS 1 sweep lock, then streams. ARGV 3 name for entries that nobody holds, 4 claimable idle time.
local group, consumer, returned, claimable_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local handed_back = 0

local function hand_back(stream, entry, deliveries)
  local before = math.max(0, deliveries - 1)
  local claim = {'XCLAIM', stream, group, returned, 0, entry, 'IDLE', claimable_ms, 'RETRYCOUNT', before, 'JUSTID'}
  if #redis.call(unpack(claim)) == 1 then
    handed_back = handed_back + 1
  else
    redis.call('XACK', stream, group, entry) -- deleted while it was pending
  end
end

for i = 2, #KEYS do
  local stream = KEYS[i]
  local pending = redis.pcall('XPENDING', stream, group, '-', '+', 100, consumer)
  while not pending.err and #pending > 0 do
    for _, entry in ipairs(pending) do
      hand_back(stream, entry[1], entry[4])
    end
    pending = redis.call('XPENDING', stream, group, '-', '+', 100, consumer)
  end
  if not pending.err then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer)
  end
end
if handed_back > 0 then
  redis.call('DEL', KEYS[1])
end
return handed_back
