"""A file is recognised segment by segment, and its places in time are known."""

import struct
from pathlib import Path

import numpy as np
import pytest

from backend.core.errors import MediaUnreadable
from backend.dialects.file_audio import recognise_file, send_file
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest
from protocol.recognition import Options
from protocol.session import Final
from speech.audio_file import length_s, read_audio
from tests.app.speech import SPEECH
from tests.backend.fake_worker import FakeWorker


def cut_wave() -> bytes:
    """Return a WAV file whose header says three hours; 1.5 s of speech follow."""
    described = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    length = struct.pack("<I", 3 * 3600 * 32_000)
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", len(described)) + described + b"data" + length
    return head + np.concatenate(list(read_audio(SPEECH / "en-03.flac")))[8_000:32_000].tobytes()


async def test_missing_end_is_noted(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, tmp_path: Path
) -> None:
    path, transcript = tmp_path / "cut.wav", JoinedResults()
    path.write_bytes(cut_wave())
    async with sessions.client(visit, Options(), "test") as client:
        async for _ in recognise_file(SentAudio(client), path, None, transcript):
            pass
    assert transcript.truncated and transcript.text()


async def test_file_becomes_segments_with_places(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker
) -> None:
    path = SPEECH / "en-03.flac"
    async with sessions.client(visit, Options(), "test") as client:
        assert not await send_file(sent := SentAudio(client), path, None)
        finals = [event async for event in client.events() if isinstance(event, Final)]
    assert [final.segment for final in finals] == list(sent.segments) != []
    assert sent.seconds == pytest.approx(length_s(path), abs=0.01)
    start, end = sent.place_ms(0)
    assert 0 <= start < end <= sent.seconds * 1000


async def test_file_that_is_no_audio_is_refused(
    sessions: DialectSessions, visit: AdmittedRequest, tmp_path: Path
) -> None:
    path = tmp_path / "text.wav"
    path.write_text("this is not audio")
    async with sessions.client(visit, Options(), "test") as client:
        with pytest.raises(MediaUnreadable):
            await send_file(SentAudio(client), path, None)
