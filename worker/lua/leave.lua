-- Hand back everything that this consumer holds, claimable at once and as if never delivered; then delete it.
-- KEYS 1 sweep lock, then streams. ARGV 1 consumer.
local consumer = ARGV[1]
named(KEYS[1], 'sweep', 'the lock of the sweeps')
assert(consumer ~= RETURNED, 'not a consumer') -- the loop below would never end
local handed_back = 0

local function hand_back(stream, entry, deliveries)
  local before = math.max(0, deliveries - 1)
  local claim = {'XCLAIM', stream, GROUP, RETURNED, 0, entry, 'IDLE', CLAIMABLE_MS, 'RETRYCOUNT', before, 'JUSTID'}
  if #redis.call(unpack(claim)) == 1 then
    handed_back = handed_back + 1
  else
    redis.call('XACK', stream, GROUP, entry) -- deleted while it was pending
  end
end

for i = 2, #KEYS do
  local stream = KEYS[i]
  local pending = redis.pcall('XPENDING', stream, GROUP, '-', '+', 100, consumer)
  while not pending.err and #pending > 0 do
    for _, entry in ipairs(pending) do
      hand_back(stream, entry[1], entry[4])
    end
    pending = redis.call('XPENDING', stream, GROUP, '-', '+', 100, consumer)
  end
  if not pending.err then
    redis.call('XGROUP', 'DELCONSUMER', stream, GROUP, consumer)
  end
end
if handed_back > 0 then
  redis.call('DEL', KEYS[1])
end
return handed_back
