#!lua flags=allow-oom
-- Remove an entry that no worker may recognise. If it is still the job of its segment, the segment fails, and the
-- session's gateway is notified.
-- KEYS: session hash, stream, backlog, history, its figures
-- ARGV: entry, segment, attempt, samples, the failure, lifetime in ms, prefix of result channels
-- Returns 0 if the entry was not there any more, otherwise 1.
local hash, stream, backlog, history, figures = unpack(KEYS)
local entry, n, attempt, samples, failure, lifetime, channels = unpack(ARGV)

if #redis.call("XRANGE", stream, entry, entry) == 0 then
  return 0
end
if string.find(stream, ":partials:") then -- they are in no backlog
  redis.call("XACK", stream, "workers", entry)
  redis.call("XDEL", stream, entry)
  return 1
end
remove_entry(stream, entry, backlog)

local known = redis.call("HMGET", hash, "job:" .. n, "spec:" .. n, "gateway")
if string.match(known[2] or "", "^%d+ (%S+)") == entry then
  redis.call("HDEL", hash, "spec:" .. n, "result:" .. n)
end
local of, id, at = string.match(known[1] or "", "^(%d+) (%S+) (.+)$")
if id ~= entry or at ~= stream or of ~= attempt then
  return 1
end
redis.call("HSET", hash, "end:" .. n, "failed " .. attempt, "result:" .. n, failure)
redis.call("HDEL", hash, "job:" .. n, "failures:" .. n)
redis.call("PEXPIRE", hash, lifetime)
if known[3] then
  redis.call("SPUBLISH", channels .. known[3], failure)
end
tell_history(hash, history, figures, "notice", failure, "samples", samples)
return 1
