-- Store and publish a result once. 1: it counts. 0: nobody waits for it (gone, ended, cancelled, replaced).
local wanted = is_wanted()
remove_entry()
if not wanted then
  return 0
end
conclude('final')
return 1
