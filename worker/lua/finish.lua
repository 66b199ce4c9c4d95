-- Store a result once and publish it. 1: it counts. 0: nobody waits for it (gone, ended, cancelled, replaced).
-- The result of a speculation is stored only: the gateway makes it the end of the segment, or drops it.
local is = standing()
local result = is and bounded(made_anew('result', notice, identity, segment, attempt))
if is == 'job' then
  conclude('final', result)
elseif is == 'speculation' then
  redis.call('HSET', session, 'result:' .. segment, result)
  redis.call('PEXPIRE', session, SESSION_TTL_MS)
  remove_entry()
else
  remove_stray()
end
return is and 1 or 0
