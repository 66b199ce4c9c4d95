"""Files that were submitted, on this gateway's disk: one per session, private. Blocks.

Two gateways may have the same data folder. Who has the lock beside the folder of files has the files; the other
takes none and touches none until that one ends, however it ends.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final
from uuid import UUID

from backend.errors import RequestRefused
from backend.files import open_or_make
from protocol.errors import ErrorCode
from runtime.folders import private_folder
from runtime.locking import try_lock

_PART: Final = ".part-"


class Uploads:
    """``folder`` is this one's alone while it has the ``claim``. ``spare``: bytes of the disk, never used."""

    def __init__(self, folder: Path, spare: int) -> None:
        self.folder = folder
        self.claim = Claim(folder.with_name(f".{folder.name}.lock"))
        self._spare = spare
        self._prefix = f"{_PART}{secrets.token_hex(4)}-"

    def path(self, session: str) -> Path:
        """Where the file of a session is, if it is here."""
        return self.folder / str(UUID(session))

    def has(self, session: str) -> bool:
        """Whether it is here."""
        with suppress(ValueError):
            return self.path(session).exists()
        return False

    def sessions(self) -> Iterator[tuple[str, float]]:
        """Those whose file is here, and how many seconds ago it came."""
        for file in private_folder(self.folder).iterdir():
            with suppress(ValueError, FileNotFoundError):
                yield str(UUID(file.name)), time.time() - file.stat().st_mtime

    def check_room(self, more: int) -> None:
        """Raises ``RequestRefused`` where so many bytes more do not fit."""
        if shutil.disk_usage(private_folder(self.folder)).free < self._spare + more:
            raise RequestRefused(507, ErrorCode.DISK_FULL, "the gateway's disk is full: make room there")

    def part(self) -> "Part":
        """A file that is beginning to come."""
        self.check_room(0)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=self._prefix)  # mode 0600
        return Part(self, os.fdopen(descriptor, "wb"), Path(name))

    def remove(self, session: str) -> None:
        """Nobody needs it any more. Safe to call twice."""
        self.path(session).unlink(missing_ok=True)

    def sweep(self) -> None:
        """What was coming when another process ended will not come."""
        for file in private_folder(self.folder).glob(f"{_PART}*"):
            if not file.name.startswith(self._prefix):
                file.unlink(missing_ok=True)


class Claim:
    """A lock that is held from when it is had until it is released, or this process ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._descriptor = -1
        self._released = False

    def held(self) -> bool:
        """Whether it is held; it is, from now on, if nobody else has it."""
        with self._guard:
            if self._descriptor < 0 and not self._released:
                self._descriptor = self._locked()
            return self._descriptor >= 0

    def release(self) -> None:
        """Let others have it, for good. Safe to call twice."""
        with self._guard:
            self._released = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _locked(self) -> int:
        """An open file with the lock, or -1."""
        descriptor = open_or_make(self._file)
        had = False
        try:
            had = try_lock(descriptor)
        finally:
            if not had:
                os.close(descriptor)
        return descriptor if had else -1


class Part:
    """A file that is coming. It is kept or dropped; dropping is safe after keeping."""

    def __init__(self, uploads: Uploads, file: BinaryIO, path: Path) -> None:
        self._uploads = uploads
        self._file = file
        self._path = path

    def write(self, data: bytes) -> None:
        """More of it. Raises ``RequestRefused`` before the disk is full."""
        self._uploads.check_room(len(data))
        self._file.write(data)

    def keep(self, session: str) -> None:
        """All of it is on the disk, as the file of this session."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._path, self._uploads.path(session))
        if os.name == "posix":
            folder = os.open(self._uploads.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def drop(self) -> None:
        """It is not wanted."""
        self._file.close()
        self._path.unlink(missing_ok=True)
