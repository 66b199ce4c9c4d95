-- Make the groups of ARGV[1] that are not there yet, streams included. A script, because XGROUP alone is refused by
-- a full broker, and then nobody could come to empty it.
for _, stream in ipairs(KEYS) do
  local made = redis.pcall('XGROUP', 'CREATE', stream, ARGV[1], '0-0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
  end
end
return 1
