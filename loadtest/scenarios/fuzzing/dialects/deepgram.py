"""Deepgram's live protocol for ``fuzz``: audio, and messages that end something. Pure."""

import random
from typing import Final

from loadtest.scenarios.fuzzing.answers import Judged, answered, judge_error
from loadtest.scenarios.fuzzing.items import Item

PATH: Final = "/v1/listen?encoding=linear16&sample_rate=16000&interim_results=true&vad_events=true"
_CHANCE: Final = 0.3
_MOST_FRAMES: Final = 8
_FRAMES: Final = (2, 320, 1_920, 9_600)
_KINDS: Final = ("KeepAlive", "Finalize", "Configure")


def ordinary(source: random.Random) -> list[Item]:
    """Return the messages of a valid conversation."""
    items: list[Item] = [{"type": "KeepAlive"}]
    for _ in range(source.randint(1, _MOST_FRAMES)):
        items.append(source.randbytes(source.choice(_FRAMES)))
        if source.random() < _CHANCE:
            kind = source.choice(_KINDS)
            items.append({"type": kind} | ({"keyterms": ["Ann"]} if kind == "Configure" else {}))
    if source.random() > _CHANCE:
        items.append({"type": "CloseStream"})
    return items


def judge(payload: bytes) -> Judged:
    """Judge a message of the server."""
    said = answered(payload, "type")
    if isinstance(said, Judged):
        return said
    if said["type"] not in ("Error", "ConfigureFailure"):
        return Judged()
    return judge_error(said.get("variant") or said.get("code"), said.get("description"))
