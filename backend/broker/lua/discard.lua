#!lua flags=allow-oom
-- Delete a transient session, which no client can resume, with its jobs, texts and dead letters. Its history stays.
-- KEYS: session hash, backlog, transient sessions, history, its figures, dead letters
-- ARGV: session, ms for which no gateway has noted it (0: its own gateway deletes it)
-- Returns "held" or "discarded".
local hash, backlog, transient, history, figures, dead = unpack(KEYS)
local session, gone = ARGV[1], tonumber(ARGV[2])
if gone > 0 then
  local time = redis.call("TIME")
  local at = tonumber(redis.call("HGET", transient, session))
  if not at or time[1] * 1000 + math.floor(time[2] / 1000) - at < gone then
    return "held"
  end
end

-- Reading an entry copies its audio, so few are read at once.
local function drop_letters()
  local from = "-"
  while true do
    local page = redis.call("XRANGE", dead, from, "+", "COUNT", 8)
    for _, letter in ipairs(page) do
      for i = 1, #letter[2], 2 do
        if letter[2][i] == "session" and letter[2][i + 1] == session then
          redis.call("XDEL", dead, letter[1])
        end
      end
      from = "(" .. letter[1]
    end
    if #page == 0 then
      return
    end
  end
end

local whole, failed = redis.call("TYPE", hash).ok == "hash", false
for _, field in ipairs(whole and redis.call("HKEYS", hash) or {}) do
  local value = redis.call("HGET", hash, field)
  if string.match(field, "^job:") or string.match(field, "^spec:") then
    local id, stream = string.match(value, "^%d+ (%S+) (.+)$")
    if id then
      remove_entry(stream, id, backlog)
    end
  end
  -- Before a later attempt, an earlier one may have failed and left a dead letter.
  failed = failed or string.match(field, "^job:") and not string.match(value, "^0 ")
    or string.match(field, "^end:") and not string.match(value, "^final 0$")
end
if failed and redis.call("TYPE", dead).ok == "stream" then
  drop_letters()
end
if whole then
  tell_history(hash, history, figures, "session", session)
end
redis.call("DEL", hash)
redis.call("HDEL", transient, session)
return "discarded"
