-- Of what a worker says only what a gateway can read goes on: of the kind that fits, about the segment that it is
-- about, and made anew, because two readers of JSON may take the same bytes for different things. A result that
-- nobody can read would stay with its session for days.

local function count(value)
  assert(type(value) == 'number' and value >= 0 and value < 1e12 and value % 1 == 0, 'not a number of a notice')
  return math.abs(value)
end

local SEQUENCES = { -- of UTF-8 (RFC 3629, section 4), those of more than one byte
  '[\194-\223][\128-\191]', '\224[\160-\191][\128-\191]', '[\225-\236\238\239][\128-\191][\128-\191]',
  '\237[\128-\159][\128-\191]', '\240[\144-\191][\128-\191][\128-\191]',
  '[\241-\243][\128-\191][\128-\191][\128-\191]', '\244[\128-\143][\128-\191][\128-\191]',
}

local function text(value)
  assert(type(value) == 'string', 'not a text of a notice')
  local rest = value
  for _, sequence in ipairs(SEQUENCES) do
    if not string.find(rest, '[\128-\255]') then
      return value
    end
    rest = string.gsub(rest, sequence, ' ')
  end
  assert(not string.find(rest, '[\128-\255]'), 'not UTF-8')
  return value
end

local function words(value)
  assert(type(value) == 'table', 'not the words of a notice')
  local found = {}
  for i, word in ipairs(value) do
    assert(type(word) == 'table', 'not a word of a notice')
    found[i] = {text = text(word.text), start_ms = count(word.start_ms), end_ms = count(word.end_ms)}
  end
  return found[1] and found -- an empty table would be written as an object
end

local function code(value)
  assert(string.find(ERROR_CODES, ' ' .. text(value) .. ' ', 1, true), 'not a code of an error')
  return value
end

local function truth(value)
  assert(type(value) == 'boolean', 'not a truth of a notice')
  return value
end

local FIELDS = {
  result = {
    text = text, language = text, words = words, model = text, worker = text,
    queue_ms = count, decode_ms = count, emotion = text, event = text,
  },
  failure = {code = code, message = text, retryable = truth},
  hypothesis = {text = text, samples = count},
}
local NEEDED = {result = {'text'}, failure = {'code', 'message'}, hypothesis = {'text'}}

local function made_anew(kind, notice, session, segment, attempt)
  local known, said = pcall(cjson.decode, notice)
  assert(known and type(said) == 'table' and said.type == kind, 'not a ' .. kind)
  local made = {type = kind, session = session}
  made.segment, made.attempt = count(tonumber(segment)), count(tonumber(attempt or said.attempt or 0))
  for _, name in ipairs(NEEDED[kind]) do
    assert(said[name], 'not a whole ' .. kind)
  end
  for name, checked in pairs(FIELDS[kind]) do
    if said[name] ~= nil then
      made[name] = checked(said[name]) or nil
    end
  end
  return cjson.encode(made)
end
