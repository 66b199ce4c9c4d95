-- Store a result once and publish it. 1: it counts. 0: nobody waits for it (gone, ended, cancelled, replaced).
-- The result of a speculation is stored only: the gateway makes it the end of the segment, or drops it.
local is = standing()
remove_entry()
if is == 'job' then
  conclude('final')
elseif is == 'speculation' then
  redis.call('HSET', session, 'result:' .. segment, notice)
  redis.call('PEXPIRE', session, session_ttl_ms)
end
return is and 1 or 0
