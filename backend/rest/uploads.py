"""Store submitted files on this gateway's disk: one private file per session. Blocks.

Two gateways may share a data folder. The gateway that holds the lock file next to the folder owns the files. The
other accepts and touches none until the first has ended, however it ends.
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

from backend.core.errors import RequestRefused
from backend.core.private_files import open_or_make, replace_file
from protocol.errors import ErrorCode
from runtime.folders import private_folder
from runtime.locking import try_lock

_PART: Final = ".part-"
_TRACK: Final = ".track"


class Uploads:
    """The folder of submitted files.

    ``folder`` belongs to this gateway while it holds the ``claim``. ``spare``: bytes of the disk that stay free.
    """

    def __init__(self, folder: Path, spare: int) -> None:
        self.folder = folder
        self.claim = Claim(folder.with_name(f".{folder.name}.lock"))
        self._spare = spare
        self._prefix = f"{_PART}{secrets.token_hex(4)}-"

    def path(self, session: str) -> Path:
        """Return the path for the file of a session."""
        return self.folder / str(UUID(session))

    def track(self, session: str) -> int:
        """Return the number of the sound track to read of a session's file; 0: the default one."""
        try:
            return int(self._track_path(session).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def keep_track(self, session: str, track: int) -> None:
        """Store which sound track is to be read, if it is not the default one."""
        if track:
            replace_file(self._track_path(session), b"%d" % track)
        else:
            self._track_path(session).unlink(missing_ok=True)

    def _track_path(self, session: str) -> Path:
        return self.folder / f"{UUID(session)}{_TRACK}"

    def sessions(self) -> Iterator[tuple[str, float]]:
        """Yield each session with a file here, and the file's age in seconds."""
        for file in private_folder(self.folder).iterdir():
            with suppress(ValueError, FileNotFoundError):
                yield str(UUID(file.name)), time.time() - file.stat().st_mtime

    def check_room(self, more: int) -> None:
        """Raise ``RequestRefused`` if this many more bytes do not fit on the disk."""
        if shutil.disk_usage(private_folder(self.folder)).free < self._spare + more:
            raise RequestRefused(507, ErrorCode.DISK_FULL, "the gateway's disk is full: free some space there")

    def part(self) -> "IncomingFile":
        """Create the file of a new upload."""
        self.check_room(0)
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=self._prefix)  # mode 0600
        return IncomingFile(self, os.fdopen(descriptor, "wb"), Path(name))

    def remove(self, session: str) -> None:
        """Delete the file of a session. Safe to call twice."""
        self.path(session).unlink(missing_ok=True)
        self._track_path(session).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete partial files that ended processes left behind."""
        for file in private_folder(self.folder).glob(f"{_PART}*"):
            if not file.name.startswith(self._prefix):
                file.unlink(missing_ok=True)


class Claim:
    """A lock from its first success until it is released or this process ends."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._guard = threading.Lock()
        self._descriptor = -1
        self._released = False

    def acquire(self) -> bool:
        """Return whether this process holds the lock; acquire it if it is free."""
        with self._guard:
            if self._descriptor < 0 and not self._released:
                self._descriptor = self._open_locked()
            return self._descriptor >= 0

    def release(self) -> None:
        """Release the lock for good. Safe to call twice."""
        with self._guard:
            self._released = True
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _open_locked(self) -> int:
        """Return an open file with the lock, or -1."""
        descriptor = open_or_make(self.file)
        had = False
        try:
            had = try_lock(descriptor)
        finally:
            if not had:
                os.close(descriptor)
        return descriptor if had else -1


class IncomingFile:
    """A file that is being uploaded. Keep it or drop it; dropping after keeping is safe.

    ``path``: where it is until then.
    """

    def __init__(self, uploads: Uploads, file: BinaryIO, path: Path) -> None:
        self._uploads = uploads
        self._file = file
        self.path = path

    def flush(self) -> None:
        """Write what is still in memory, so that another process can read the file."""
        self._file.flush()

    def write(self, data: bytes) -> None:
        """Append data. Raises ``RequestRefused`` before the disk is full."""
        self._uploads.check_room(len(data))
        self._file.write(data)

    def keep(self, session: str, track: int = 0) -> None:
        """Sync the file to disk as that of this session. ``track``: the sound track to read; 0: the default."""
        self._uploads.keep_track(session, track)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self.path, self._uploads.path(session))
        if os.name == "posix":
            folder = os.open(self._uploads.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def drop(self) -> None:
        """Delete the partial file unless it was kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)
