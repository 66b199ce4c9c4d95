"""Folders for the files of requests, one per process. Files of killed processes are removed."""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from backend.dialects.readers import ReaderPlaces
from backend.dialects.request_room import RequestRoom
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from backend.rest.form import Form
from backend.rest.uploads import Uploads
from runtime.folders import private_folder


@dataclass(frozen=True)
class RequestFiles:
    """Folder for the files of requests while they are read, and its limits. ``spool``: opens it."""

    spool: Callable[[], Uploads]
    settings: FileSettings

    @cached_property
    def room(self) -> RequestRoom:
        """The room for all of them together."""
        return RequestRoom(self.settings)

    @cached_property
    def readers(self) -> ReaderPlaces:
        """The places to read them."""
        return ReaderPlaces(self.settings.readers)

    @asynccontextmanager
    async def form(self, visit: AdmittedRequest) -> AsyncIterator[Form]:
        """Yield an empty form, which is dropped after the answer to its request. Raises ``OverQuota``."""
        with self.room.place(visit.device.owner) as take:
            form = Form(take=take)
            try:
                yield form
            finally:
                await asyncio.to_thread(form.drop)

    def reading(self, visit: AdmittedRequest) -> AbstractAsyncContextManager[None]:
        """Hold a place to read a file of this key. Raises ``OverQuota``."""
        return self.readers.place(visit.device.owner)


def open_spool(base: Path, spare_bytes: int) -> Uploads:
    """Return the uploads of this process in a folder of its own below ``base``. Raises ``OSError``."""
    remove_left(base)
    spool = Uploads(base / secrets.token_hex(8), spare_bytes)
    spool.claim.acquire()  # before the folder exists: other processes remove folders that none has claimed
    private_folder(spool.folder)
    return spool


def remove_left(base: Path) -> None:
    """Remove the folders of processes that have ended. Raises ``OSError``."""
    for left in private_folder(base).iterdir():
        if left.is_dir():
            _remove_unused(Uploads(left, 0))


def _remove_unused(spool: Uploads) -> None:
    if spool.claim.acquire():
        shutil.rmtree(spool.folder, ignore_errors=True)
        spool.claim.release()
        spool.claim.file.unlink(missing_ok=True)
