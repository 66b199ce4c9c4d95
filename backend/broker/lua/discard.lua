#!lua flags=allow-oom
-- Delete a transient session, which nobody can resume any more, with its jobs and its texts. Its history stays.
-- KEYS: session hash, backlog, transient sessions, history, its figures
-- ARGV: session, ms for which no gateway has noted it (0: its own gateway deletes it)
-- Returns "held" or "discarded".
local hash, backlog, transient, history, figures = unpack(KEYS)
local session, gone = ARGV[1], tonumber(ARGV[2])
if gone > 0 then
  local time = redis.call("TIME")
  local at = tonumber(redis.call("HGET", transient, session))
  if not at or time[1] * 1000 + math.floor(time[2] / 1000) - at < gone then
    return "held"
  end
end

local whole = redis.call("TYPE", hash).ok == "hash"
for _, field in ipairs(whole and redis.call("HKEYS", hash) or {}) do
  if string.match(field, "^job:") or string.match(field, "^spec:") then
    local id, stream = string.match(redis.call("HGET", hash, field), "^%d+ (%S+) (.+)$")
    if id then
      remove_entry(stream, id, backlog)
    end
  end
end
if whole then
  tell_history(hash, history, figures, "session", session)
end
redis.call("DEL", hash)
redis.call("HDEL", transient, session)
return "discarded"
