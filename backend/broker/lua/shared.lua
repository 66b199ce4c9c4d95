-- Functions that the scripts share; they are inserted after the first line of each.

-- Remove an entry from its stream and from the backlog, even while a worker decodes it.
-- A stream that a session's hash names is in the same slot (same hash tag), though it cannot be among the KEYS.
local function remove_entry(stream, id, backlog)
  local entry = redis.call("XRANGE", stream, id, id)[1]
  redis.call("XACK", stream, "workers", id) -- a worker that decodes it finds its lease lost
  if entry and redis.call("XDEL", stream, id) == 1 then
    for i = 1, #entry[2], 2 do
      if entry[2][i] == "samples" then
        redis.call("HINCRBY", backlog, stream, -tonumber(entry[2][i + 1]))
      end
    end
  end
end

-- Drop the speculation of segment n, its entry and its result.
local function drop_speculation(hash, n, backlog)
  local id, stream = string.match(redis.call("HGET", hash, "spec:" .. n) or "", "^%d+ (%S+) (.+)$")
  if id then
    remove_entry(stream, id, backlog)
    redis.call("HDEL", hash, "spec:" .. n, "result:" .. n)
  end
end

-- Return how many jobs wait or are being decoded in KEYS[first] and the streams after it.
local function jobs_in(first)
  local entries = 0
  for i = first, #KEYS do
    entries = entries + redis.call("XLEN", KEYS[i])
  end
  return entries
end

-- Add an entry of these fields and values to the history's stream, if this session has a history. The session's hash
-- names the limit of the stream; beyond it the oldest entries are dropped and counted.
local function tell_history(hash, history, figures, ...)
  local kept = redis.call("HGET", hash, "history")
  if not kept then
    return
  end
  local most, about = string.match(kept, "^(%d+) (.*)$")
  local over = redis.call("XLEN", history) + 1 - tonumber(most)
  redis.call("XADD", history, "MAXLEN", most, "*", "about", about, ...)
  if over > 0 then
    redis.call("HINCRBY", figures, "left_out", over)
  end
end
