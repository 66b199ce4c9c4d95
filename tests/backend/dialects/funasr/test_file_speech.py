"""Files of FunASR's protocol on the disk; ``test_stream`` has the conversations."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.core.errors import OverQuota
from backend.dialects.funasr.file_speech import FileSpeech
from backend.dialects.funasr.messages import Config, offline
from backend.dialects.sessions import DialectSessions
from backend.dialects.spool import RequestFiles, open_spool
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from protocol.errors import MessageTooLarge
from protocol.recognition import Options
from tests.app.speech import SPEECH
from tests.backend.dialects.test_file_audio import cut_wave
from tests.backend.fake_worker import FakeWorker

FILE = (SPEECH / "en-03.flac").read_bytes()


@pytest.fixture
def files(tmp_path: Path) -> RequestFiles:
    """A folder for files of the size of the test's own."""
    return RequestFiles(lambda: open_spool(tmp_path / "requests", 0), FileSettings(most_bytes=len(FILE)))


def parts_in(folder: Path) -> list[Path]:
    return list(folder.rglob(".part-*"))


async def test_file_is_whole_however_it_comes(
    files: RequestFiles, sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker, tmp_path: Path
) -> None:
    file = await FileSpeech.begin(files, visit)
    for start in range(0, len(FILE), 1_000):
        await file.hear(FILE[start : start + 1_000])
    async for _ in file.recognise(sessions, visit, Options(), "test"):
        pass
    assert file.transcript.text() and not file.transcript.truncated
    await file.close()
    await file.close()
    assert parts_in(tmp_path) == [] and not visit.access.uploading


async def test_missing_end_is_noted(
    files: RequestFiles, sessions: DialectSessions, visit: AdmittedRequest, worker: FakeWorker
) -> None:
    file = await FileSpeech.begin(files, visit)
    await file.hear(cut_wave()[:4_000])
    async for _ in file.recognise(sessions, visit, Options(), "test"):
        pass
    assert '"truncated":true' in offline(Config(), [], "", final=True, **file.transcript.truncation())
    await file.close()


async def test_file_that_comes_counts_as_an_upload_of_its_key(files: RequestFiles, visit: AdmittedRequest) -> None:
    limited = RequestFiles(files.spool, replace(files.settings, uploads_of_key=1, upload_wait_s=0.01))
    file = await FileSpeech.begin(limited, visit)
    with pytest.raises(OverQuota):
        await FileSpeech.begin(limited, visit)
    await file.close()
    await (await FileSpeech.begin(limited, visit)).close()


async def test_file_takes_room_until_it_is_closed(files: RequestFiles, visit: AdmittedRequest) -> None:
    limited = RequestFiles(files.spool, replace(files.settings, request_bytes=200))
    file = await FileSpeech.begin(limited, visit)
    await file.hear(b"x" * 100)
    with pytest.raises(OverQuota, match="no room"):
        await file.hear(b"x")
    await file.close()
    assert not limited.room.bytes and not limited.room.files


async def test_too_large_file_is_refused(files: RequestFiles, visit: AdmittedRequest) -> None:
    file = await FileSpeech.begin(files, visit)
    await file.hear(FILE)
    with pytest.raises(MessageTooLarge):
        await file.hear(b"x")
    await file.close()
