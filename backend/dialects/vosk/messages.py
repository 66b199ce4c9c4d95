"""Messages of Vosk's WebSocket protocol. Pure. Sources: vosk-server, ``asr_server.py``, and its clients."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backend.dialects.audio_formats import RATES
from backend.dialects.client_values import LONGEST_HOTWORD, distinct_hotwords, json_object
from backend.dialects.transcript import TranscriptPart
from protocol.errors import MalformedMessage
from protocol.recognition import Word
from protocol.texts import join_texts

_CONFIDENCE: Final = 1.0
_MOST_ALTERNATIVES: Final = 100


class VoskConfig(Struct, frozen=True):
    """Configuration of a speech. ``words``: word times are wanted; ``alternatives``: that shape of replies is."""

    rate: int = 16_000
    words: bool = True
    alternatives: bool = False
    hotwords: tuple[str, ...] = ()


class VoskText(Struct, frozen=True):
    """Text message of a client: a configuration, or the end of a speech. ``closes``: it was the last speech."""

    config: VoskConfig | None = None
    closes: bool = False


def vosk_text(data: str, before: VoskConfig) -> VoskText:
    """Return a client's message; missing fields keep their value. Raises ``MalformedMessage``."""
    match json_object(data):
        case None:
            raise MalformedMessage("a text message is an object of JSON")
        case {"config": dict(given)}:
            return VoskText(_updated_config(given, before))
        case {"eof": _}:
            return VoskText(closes=True)
        case {"reset": _}:
            return VoskText()
    raise MalformedMessage("a text message has config, eof or reset")


def is_vosk(data: str) -> bool:
    """Return whether a first text message is one of this protocol, with whatever values."""
    return bool({"config", "eof", "reset"} & set(json_object(data) or ()))


def vosk_rate(value: object) -> int:
    """Return a rate in Hz, which clients write as number or text. Raises ``MalformedMessage``."""
    least, most = RATES
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise MalformedMessage(f"sample_rate is a number from {least} to {most}")
    return math.floor(value)


def partial_reply(text: str) -> str:
    """Return a reply with the provisional text of what is being said."""
    return _encode({"partial": text.strip()})


def result_reply(config: VoskConfig, parts: Sequence[TranscriptPart]) -> str:
    """Return a reply with the text of segments, which will not change."""
    text = join_texts(part.text for part in parts)
    result: dict[str, Any] = {}
    if config.words and text:
        result = {"result": [_word(word) for part in parts for word in part.timed_words()]}
    if config.alternatives:
        return _encode({"alternatives": [{"confidence": _CONFIDENCE, **result, "text": text}]})
    return _encode({**result, "text": text})


def _updated_config(given: Mapping[str, Any], before: VoskConfig) -> VoskConfig:
    words = given.get("phrase_list", before.hotwords)
    if not isinstance(words, list | tuple):
        raise MalformedMessage("phrase_list is a list of words")
    found = (word.strip() for word in words if isinstance(word, str))
    usable = (word for word in found if len(word) <= LONGEST_HOTWORD and word != "[unk]")
    most = given.get("max_alternatives", int(before.alternatives))
    return replace(
        before,
        rate=vosk_rate(given.get("sample_rate", before.rate)),
        words=bool(given.get("words", before.words)),
        alternatives=isinstance(most, int) and 0 < most <= _MOST_ALTERNATIVES,
        hotwords=distinct_hotwords(usable),
    )


def _word(word: Word) -> dict[str, Any]:
    times = {"start": word.start_ms / 1000, "end": word.end_ms / 1000}
    return {"conf": _CONFIDENCE, **times, "word": word.text.strip()}


def _encode(body: dict[str, Any]) -> str:
    return msgspec.json.encode(body).decode()
