"""Vosk's protocol for ``fuzz``: configurations, audio and ends of speeches. Pure."""

import random
from typing import Final

from loadtest.scenarios.fuzzing.answers import Judged, answered
from loadtest.scenarios.fuzzing.items import Item

PATH: Final = "/v1/vosk"
_CHANCE: Final = 0.3
_MOST_FRAMES: Final = 8
_FRAMES: Final = (2, 320, 1_920, 8_000)
_REPLIES: Final = frozenset({"partial", "text", "alternatives"})


def ordinary(source: random.Random) -> list[Item]:
    """Return the messages of a valid conversation."""
    config = {"sample_rate": source.choice((8_000, 16_000.0)), "words": source.random() < _CHANCE}
    items: list[Item] = [{"config": config | ({"phrase_list": ["Ann"]} if source.random() < _CHANCE else {})}]
    for _ in range(source.randint(1, _MOST_FRAMES)):
        items.append(source.randbytes(source.choice(_FRAMES)))
        if source.random() < _CHANCE:
            items.append({"reset": 1})
    if source.random() > _CHANCE:
        items.append({"eof": 1})
    return items


def judge(payload: bytes) -> Judged:
    """Judge a reply of the server, whose errors are the codes with which it closes."""
    said = answered(payload)
    if isinstance(said, Judged):
        return said
    return Judged() if _REPLIES & set(said) else Judged(fault="a reply of the gateway has no text")
