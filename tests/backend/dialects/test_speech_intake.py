"""Continuous audio is cut where its speaker pauses, and every segment of it is recognised."""

from collections.abc import Sequence

import numpy as np
import pytest

from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.speech_detectors import SpeechDetectors
from backend.dialects.speech_intake import IntakeOptions, SpeechIntake
from backend.http.access import AdmittedRequest
from protocol.recognition import Options
from protocol.session import Final
from speech.audio_file import read_audio
from speech.vad import SpeechEnded, SpeechStarted, VadEvent
from tests.app.speech import SPEECH
from tests.backend.fake_worker import FakeWorker

BLOCK = 1_600


@pytest.mark.parametrize("gate", [True, False])
async def test_speech_becomes_segments_with_results(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, gate: bool
) -> None:
    speech = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
    audio = np.concatenate([speech, np.zeros(32_000, np.int16), speech])
    found: list[VadEvent] = []
    async with sessions.client(visit, Options(), "test") as client:
        intake = SpeechIntake(sent := SentAudio(client), SpeechDetectors(), IntakeOptions(gate=gate))
        for start in range(0, len(audio), BLOCK):
            found += await intake.hear(audio[start : start + BLOCK])
        found += await intake.finish()
        await client.finish()
        finals = [event async for event in client.events() if isinstance(event, Final)]
    assert sent.samples == len(audio)
    assert sorted(final.segment for final in finals) == list(sent.segments) != []
    assert any(at > len(speech) for at, _ in sent.segments.values())
    assert all(start < end for start, end in map(sent.place_ms, sent.segments))
    assert of_kind(found, SpeechStarted) == of_kind(found, SpeechEnded) >= 2


def of_kind(events: Sequence[VadEvent], kind: type[VadEvent]) -> int:
    return sum(isinstance(event, kind) for event in events)


@pytest.mark.parametrize("size", [7_001, 1_000_000])
async def test_audio_is_resampled_however_it_is_cut(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, size: int
) -> None:
    speech = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
    pcm = np.repeat(speech, 3).tobytes()  # 48 kHz
    async with sessions.client(visit, Options(), "test") as client:
        intake = SpeechIntake(sent := SentAudio(client), SpeechDetectors(), IntakeOptions(48_000))
        for start in range(0, len(pcm), size):
            await intake.accept_pcm(pcm[start : start + size])
        await intake.finish()
        assert not await intake.finish(), "a second end finds nothing"
        await client.finish()
    assert abs(sent.samples - len(speech)) <= 1 and sent.segments
