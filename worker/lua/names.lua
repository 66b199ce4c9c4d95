-- Who runs a script may be a lent worker. Its account at the broker knows commands and keys, but not which command is
-- meant for which key: so whatever is written to has its own name, and that is looked at before anything is changed.
-- What is one number for all workers is not theirs to say either: it is written before this part.

-- The shard of a key, and what the pattern catches of the rest.
local function named(key, pattern, what)
  local shard, rest = string.match(key or '', '^(kiki:{%d+}:)' .. pattern .. '$')
  return assert(shard, 'not ' .. what), rest
end
