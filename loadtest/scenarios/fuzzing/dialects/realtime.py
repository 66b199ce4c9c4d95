"""OpenAI's Realtime API for ``fuzz``: events of clients that transcribe. Pure."""

import random
from base64 import b64encode
from typing import Any, Final

from loadtest.scenarios.fuzzing.answers import Judged, answered, judge_error
from loadtest.scenarios.fuzzing.items import Item

PATH: Final = "/v1/realtime?intent=transcription"
SUBPROTOCOL: Final = "realtime"
_CHANCE: Final = 0.3
_MOST_EVENTS: Final = 10
_BLOCKS: Final = (2, 320, 3_200, 9_600)
_FORMATS: Final[tuple[Any, ...]] = (
    {"type": "audio/pcm", "rate": 16_000}, {"type": "audio/pcm", "rate": 24_000}, {"type": "audio/pcmu"},
    {"type": "audio/pcma"},
)  # fmt: skip
_TURNS: Final[tuple[Any, ...]] = (
    None, {"type": "server_vad", "silence_duration_ms": 200, "threshold": 0.5}, {"type": "semantic_vad"},
)  # fmt: skip
_INPUT: Final = "input_audio_buffer"


def ordinary(source: random.Random) -> list[Item]:
    """Return the events of a valid conversation."""
    items: list[Item] = [_update(source)]
    for _ in range(source.randint(1, _MOST_EVENTS)):
        audio = b64encode(source.randbytes(source.choice(_BLOCKS))).decode()
        items.append({"type": f"{_INPUT}.append", "event_id": f"event_{source.randrange(99)}", "audio": audio})
        if source.random() < _CHANCE / 2:
            items.append({"type": f"{_INPUT}.{source.choice(('commit', 'clear'))}"})
        if source.random() < _CHANCE / 4:
            items.append(_update(source))
    return items


def judge(payload: bytes) -> Judged:
    """Judge an event of the server."""
    event = answered(payload, "type", "event_id")
    if isinstance(event, Judged) or not isinstance(error := event.get("error"), dict):
        return event if isinstance(event, Judged) else Judged()
    return judge_error(error.get("code"), error.get("message"))


def _update(source: random.Random) -> Item:
    transcription = {"model": "whisper-1", "language": source.choice(("en", "zh", "")), "prompt": "Ann, Bob"}
    if source.random() < _CHANCE:
        session: dict[str, Any] = {"input_audio_format": source.choice(("pcm16", "g711_ulaw", "g711_alaw"))}
        session |= {"input_audio_transcription": transcription, "turn_detection": source.choice(_TURNS)}
        return {"type": "transcription_session.update", "session": session}
    given = {"format": source.choice(_FORMATS), "transcription": transcription}
    given |= {"turn_detection": source.choice(_TURNS), "noise_reduction": None}
    return {"type": "session.update", "session": {"type": "transcription", "audio": {"input": given}}}
