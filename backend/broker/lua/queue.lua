#!lua flags=no-writes,allow-oom
-- Return a page of the entries of one stream, which wait or are being decoded, without audio. Reading an entry copies
-- its audio, so a page has a limit of bytes, too.
-- KEYS: stream
-- ARGV: where to begin ("-", or "(" and the last id of the page before), most entries, most bytes
-- Returns {now in ms, {{id, session, segment, attempt, samples, bytes, owner (empty: the session is gone)}, ...}}.
local stream, from, most, bytes = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local shard = string.match(stream, "^(kiki:{%d+}:)")
local time = redis.call("TIME")
local page = {}

while #page < most and bytes > 0 do
  local entry = redis.call("XRANGE", stream, from, "+", "COUNT", 1)[1]
  if not entry then
    break
  end
  local fields, size = {}, 0
  for i = 1, #entry[2], 2 do
    fields[entry[2][i]] = entry[2][i + 1]
    size = size + #entry[2][i] + #entry[2][i + 1]
  end
  local session = fields.session or ""
  local owner = redis.call("HGET", shard .. "session:" .. session, "owner") or ""
  page[#page + 1] = {entry[1], session, fields.segment or "", fields.attempt or "", fields.samples or "", size, owner}
  from, bytes = "(" .. entry[1], bytes - size
end
return {time[1] * 1000 + math.floor(time[2] / 1000), page}
