"""FunASR's protocol for ``fuzz``: configurations, audio and ends of speeches. Pure."""

import random
from typing import Any, Final

from loadtest.scenarios.fuzzing.answers import Judged, answered, judge_error
from loadtest.scenarios.fuzzing.items import Item

PATH: Final = "/v1/funasr"
SUBPROTOCOL: Final = "binary"
_CHANCE: Final = 0.3
_MOST_SPEECHES: Final = 2
_MOST_FRAMES: Final = 6
_FRAMES: Final = (2, 320, 1_920, 9_600)
_HOTWORDS: Final[tuple[Any, ...]] = ("", '{"Ann": 20}', "Ann 20\nBob 10", {"Ann": 20}, ["Ann"])


def ordinary(source: random.Random) -> list[Item]:
    """Return the messages of a valid conversation."""
    items: list[Item] = []
    for _ in range(source.randint(1, _MOST_SPEECHES)):
        items.append(_config(source))
        items += [source.randbytes(source.choice(_FRAMES)) for _ in range(source.randint(0, _MOST_FRAMES))]
        if source.random() < 2 * _CHANCE:
            items.append({"is_speaking": False} | ({"is_end": True} if source.random() < _CHANCE else {}))
    return items


def judge(payload: bytes) -> Judged:
    """Judge a message of the server."""
    said = answered(payload, "mode", "wav_name", "text", "is_final")
    if isinstance(said, Judged) or not isinstance(error := said.get("error"), dict):
        return said if isinstance(said, Judged) else Judged()
    return judge_error(error.get("code"), error.get("message"))


def _config(source: random.Random) -> Item:
    return {
        "mode": source.choice(("2pass", "online", "offline")),
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_name": source.choice(("microphone", "a", "b" * 40)),
        "wav_format": "pcm",
        "audio_fs": source.choice((16_000, 8_000)),
        "is_speaking": True,
        "hotwords": source.choice(_HOTWORDS),
        "itn": source.random() < _CHANCE,
        "svs_lang": source.choice(("auto", "zh", "en")),
    }
