-- Make the groups that are not there yet, streams included. A script, because XGROUP alone is refused by
-- a full broker, and then nobody could come to empty it.
for _, stream in ipairs(KEYS) do -- of any other name this would make a stream where something else should be
  local rest = string.match(stream, '^kiki:{%d+}:(.+)$') or ''
  local known = string.match(rest, '^jobs:%l+:%S+$') or string.match(rest, '^partials:%S+$')
  assert(known and #stream <= 256, 'not a stream of jobs or partials')
end
for _, stream in ipairs(KEYS) do
  local made = redis.pcall('XGROUP', 'CREATE', stream, GROUP, '0-0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then
    return made
  end
end
return 1
