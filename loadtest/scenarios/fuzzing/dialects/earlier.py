"""The earlier server's protocol for ``fuzz``: recordings in chunks. Pure."""

import random
from base64 import b64encode
from typing import Final

from loadtest.scenarios.fuzzing.answers import Judged, answered, judge_error
from loadtest.scenarios.fuzzing.items import Item

PATH: Final = "/ws/asr"
_CHANCE: Final = 0.3
_MOST_RECORDINGS: Final = 3
_MOST_CHUNKS: Final = 6
_CHUNKS: Final = (0, 2, 1_920, 16_000)


def ordinary(source: random.Random) -> list[Item]:
    """Return the messages of a valid conversation."""
    items: list[Item] = []
    for number in range(source.randint(1, _MOST_RECORDINGS)):
        name = f"{number}/{source.choice(('a', '早上', 'x' * 60))}"
        items.append({"action": "start", "session_id": name, "user_id": source.choice(("ann", "", None))})
        for index in range(source.randint(0, _MOST_CHUNKS)):
            audio = b64encode(source.randbytes(source.choice(_CHUNKS))).decode()
            items.append({"action": "chunk", "session_id": name, "chunk_index": index, "audio_data": audio})
        if source.random() > _CHANCE:
            items.append({"action": "finish", "session_id": name})
    return items


def judge(payload: bytes) -> Judged:
    """Judge a message of the server, whose errors have no codes."""
    said = answered(payload, "type", "chunk_index")
    if isinstance(said, Judged):
        return said
    if said["type"] != "error":
        return Judged()
    return judge_error("error", said["message"]) if said.get("message") else Judged(fault="an error says nothing")
