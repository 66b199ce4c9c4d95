"""Wyoming for ``fuzz``: events of Home Assistant, as lines of JSON with data and payloads. Pure."""

import random
from typing import Any, Final

from loadtest.core.raw_socket import TEXT
from loadtest.scenarios.fuzzing.answers import Judged, MalformedAnswer, decode_answer, judge_error
from loadtest.scenarios.fuzzing.items import FuzzMessage, Item

_CHANCE: Final = 0.3
_MOST_UTTERANCES: Final = 2
_MOST_CHUNKS: Final = 6
_CHUNKS: Final = (0, 2, 2_048, 9_600)


def ordinary(source: random.Random) -> list[Item]:
    """Return valid events; a payload is an item of its own."""
    items: list[Item] = [{"type": "describe"}] if source.random() < _CHANCE else []
    for _ in range(source.randint(1, _MOST_UTTERANCES)):
        language = source.choice(("en", "zh-CN", None))
        items.append({"type": "transcribe", "data": {"language": language, "name": source.choice((None, "any"))}})
        audio = {"rate": source.choice((16_000, 22_050, 48_000)), "width": 2, "channels": source.choice((1, 2))}
        items.append({"type": "audio-start", "data": audio})
        for _ in range(source.randint(0, _MOST_CHUNKS)):
            payload = source.randbytes(source.choice(_CHUNKS))
            items += [{"type": "audio-chunk", "data": audio, "payload_length": len(payload)}, payload]
        if source.random() < 2 * _CHANCE:
            items.append({"type": "audio-stop"})
    return items


def as_lines(messages: list[FuzzMessage]) -> list[FuzzMessage]:
    """Return messages as they are sent over TCP: texts as lines, payloads as they are."""
    return [
        message._replace(payload=message.payload + (b"\n" if message.opcode == TEXT else b""), raw=True)
        for message in messages
    ]


def judge(received: bytes) -> Judged:
    """Judge all events that came; the last one may be cut off where this side reset the connection."""
    found = Judged()
    while received:
        line, ended, received = received.partition(b"\n")
        try:
            event = decode_answer(line, "type")
        except MalformedAnswer:
            if ended:
                raise
            return found
        size = int(event.get("data_length") or 0)
        data = received[:size]
        received = received[size + int(event.get("payload_length") or 0) :]
        if event["type"] == "error":
            found = _judge_data(event.get("data") or {}, data)
        if found.fault:
            return found
    return found


def _judge_data(inline: dict[str, Any], data: bytes) -> Judged:
    if not inline and not data:
        raise MalformedAnswer("an error without data")
    error = inline or decode_answer(data, "text")
    if "text" not in error:
        raise MalformedAnswer("an error without text")
    return judge_error(error.get("code"), error["text"])
