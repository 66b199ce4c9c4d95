"""Speech detection of many streams: the same events as alone, in limited parts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.dialects.speech_detectors import MOST_STREAMS, SpeechDetectors
from speech.audio_file import read_audio
from speech.vad import Vad, VadEvent, open_vad
from speech.webrtc_vad import WebRtcVad
from tests.app.speech import SPEECH

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)])


class Counting(WebRtcVad):
    """A detector that notes how many are processed at once."""

    calls: list[int]

    @classmethod
    def accept_all(cls, vads: Sequence[Any], samples: Sequence[NDArray[np.int16]]) -> list[list[VadEvent]]:
        cls.calls.append(len(vads))
        return [[] for _ in vads]


async def heard(hearing: SpeechDetectors, size: int) -> list[VadEvent]:
    """Say the sentence in blocks of this size; return all events."""
    vad = hearing.detector(600)
    found = [await hearing.events(vad, SPOKEN[at : at + size]) for at in range(0, len(SPOKEN), size)]
    return [*(event for events in found for event in events), *vad.finish()]


@pytest.mark.parametrize("with_model", [False, True])
async def test_streams_together_have_the_events_of_one_alone(models: Path, with_model: bool) -> None:
    folder = models / "fsmn-vad" if with_model else None
    alone = open_vad(folder, 600)
    expected = [*alone.accept(SPOKEN), *alone.finish()]
    hearing = SpeechDetectors(folder)
    found = await asyncio.gather(*(heard(hearing, size) for size in (1_600, 1_600, 960)))
    assert expected and all(events == expected for events in found)


async def test_turn_of_the_loop_has_a_limited_number_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "calls", [], raising=False)
    hearing, block = SpeechDetectors(), SPOKEN[:160]
    await asyncio.gather(*(hearing.events(Counting(), block) for _ in range(2 * MOST_STREAMS + 1)))
    assert Counting.calls == [MOST_STREAMS, MOST_STREAMS, 1]
    Counting.calls.clear()
    await asyncio.gather(*(hearing.events(Counting(), SPOKEN[:32_000]) for _ in range(2)))
    assert Counting.calls == [1, 1]


async def test_cancelled_stream_keeps_no_one_waiting() -> None:
    hearing, vads = SpeechDetectors(), [WebRtcVad() for _ in range(3)]
    waiting = [asyncio.create_task(hearing.events(vad, SPOKEN[:160])) for vad in vads]
    await asyncio.sleep(0)
    waiting[1].cancel()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in done] == [list, asyncio.CancelledError, list]


async def test_error_reaches_all_waiters(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(vads: Sequence[Vad], samples: Sequence[NDArray[np.int16]]) -> list[list[VadEvent]]:
        raise RuntimeError("on purpose")

    monkeypatch.setattr(WebRtcVad, "accept_all", broken)
    hearing = SpeechDetectors()
    waiting = (hearing.events(WebRtcVad(), SPOKEN[:160]) for _ in range(3))
    assert [str(error) for error in await asyncio.gather(*waiting, return_exceptions=True)] == ["on purpose"] * 3
