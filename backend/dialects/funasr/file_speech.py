"""A file that a client of FunASR's protocol sends in pieces: stored on disk first, then recognised."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Final, Self

from backend.dialects.file_audio import recognise_file
from backend.dialects.request_room import Take
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.spool import RequestFiles
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest
from backend.rest.upload_places import until_upload_place, upload_place
from backend.rest.uploads import IncomingFile
from protocol.errors import MessageTooLarge
from protocol.recognition import Options

_WRITE_BYTES: Final = 256 * 1024


class FileSpeech:
    """Speech in a file. ``transcript``: the results so far. Use ``begin``."""

    def __init__(self, files: RequestFiles, part: IncomingFile, take: Take) -> None:
        self._files, self._part, self._take, self._size = files, part, take, 0
        self._began = time.monotonic()
        self._coming, self._here = ExitStack(), ExitStack()
        self._waiting = bytearray()
        self.transcript = JoinedResults()

    @classmethod
    async def begin(cls, files: RequestFiles, visit: AdmittedRequest) -> Self:
        """Make room for a file. Raises ``OverQuota``, or ``RequestRefused`` if the disk is full."""
        with ExitStack() as here, ExitStack() as coming:
            take = here.enter_context(files.room.place(visit.device.owner))
            await until_upload_place(visit, files.settings)
            coming.enter_context(upload_place(visit, files.settings))
            uploads = await asyncio.to_thread(files.spool)
            speech = cls(files, await asyncio.to_thread(uploads.part), take)
            speech._coming, speech._here = coming.pop_all(), here.pop_all()
        return speech

    def check_pace(self) -> None:
        """Check that the file comes fast enough: it holds a place for uploads. Raises ``MalformedMessage``."""
        self._files.settings.check_pace(time.monotonic() - self._began, self._size)

    async def hear(self, data: bytes) -> None:
        """Take more of the file. Raises ``MessageTooLarge``, ``OverQuota``, or ``RequestRefused`` (disk full)."""
        self._size += len(data)
        if self._size > self._files.settings.most_bytes:
            raise MessageTooLarge(f"a file may have {self._files.settings.most_bytes} bytes")
        self._take(len(data))
        self._waiting += data
        if len(self._waiting) >= _WRITE_BYTES:
            await self._write()

    async def recognise(
        self, sessions: DialectSessions, visit: AdmittedRequest, options: Options, name: str
    ) -> AsyncGenerator[None, None]:
        """Recognise the file; yield after each result. Raises as ``recognise_file``, or ``OverQuota``."""
        await self._write()
        await asyncio.to_thread(self._part.flush)
        self._coming.close()
        about = self._part.path, sessions.vad_folder, self.transcript
        async with (
            self._files.reading(visit),
            sessions.client(visit, options, name) as client,
            aclosing(recognise_file(SentAudio(client), *about)) as results,
        ):
            async for _ in results:
                yield

    async def close(self) -> None:
        """Remove the file. Safe to call twice."""
        with self._here, self._coming:
            await asyncio.to_thread(self._part.drop)

    async def _write(self) -> None:
        data, self._waiting = bytes(self._waiting), bytearray()
        await asyncio.to_thread(self._part.write, data)
