"""A file is recognised segment by segment, and its places in time are known."""

from pathlib import Path

import pytest

from backend.core.errors import MediaUnreadable
from backend.dialects.file_audio import hear_file
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.http.access import AdmittedRequest
from protocol.recognition import Options
from protocol.session import Final
from speech.audio_file import length_s
from tests.app.speech import SPEECH
from tests.backend.fake_worker import FakeWorker


async def test_file_becomes_segments_with_places(
    sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker
) -> None:
    path = SPEECH / "en-03.flac"
    async with sessions.client(visit, Options(), "test") as client:
        await hear_file(sent := SentAudio(client), path, None)
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
            await hear_file(SentAudio(client), path, None)
