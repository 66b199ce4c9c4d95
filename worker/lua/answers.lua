-- Publish what unfinished segments may say, or what is missing of them, to the gateways of their sessions.
-- A segment that has ended or is complete gets no answer. Returns how many were published.
-- KEYS sessions. ARGV a notice for each.
FIELDS.hypothesis.inbox = text
FIELDS.gap = {have = count, inbox = text}
NEEDED.gap = {'have'}
assert(#KEYS == #ARGV, 'not an answer for each session')
local made = {}
for i, key in ipairs(KEYS) do
  local shard, identity = named(key, 'session:(.*)', 'a session')
  local known, said = pcall(cjson.decode, ARGV[i])
  local kind = known and type(said) == 'table' and said.type
  assert(kind == 'hypothesis' or kind == 'gap', 'not an answer')
  local segment = string.format('%.0f', count(said.segment))
  made[i] = {shard .. 'results:', segment, made_anew(kind, ARGV[i], identity, segment)}
end
local published = 0
for i, key in ipairs(KEYS) do
  local results, segment, notice = unpack(made[i])
  local known = redis.call('HMGET', key, 'gateway', 'end:' .. segment, 'job:' .. segment)
  if known[1] and not known[2] and not known[3] then
    redis.call('SPUBLISH', results .. known[1], notice)
    published = published + 1
  end
end
return published
