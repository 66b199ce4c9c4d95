"""Files of this program: written completely or not at all, and read without waiting. All functions block.

Whatever is in the place of such a file, a read neither waits nor fills memory. Some files keep values whose loss
does no harm.
"""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from runtime.folders import private_folder

T = TypeVar("T")

_MOST_BYTES: Final = 1 << 20
_NAMED: Final = 32
_NEW: Final[int] = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # O_BINARY: for Windows
_READ: Final[int] = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""O_BINARY is for Windows. O_NONBLOCK: opening a pipe does not wait for its writer."""


@contextmanager
def replacing(place: Path, *, durable: bool = False, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Open a new private file, and put it at ``place`` once it is written. Raises ``OSError``.

    ``durable``: the content survives a power failure, if the system can sync the folder. ``mode``: the umask of
    this process reduces it. Only the system applies the umask here: Python can read it only by setting it, for
    all threads.
    """
    name = place.name[:_NAMED]  # the name itself may be as long as the file system allows
    new = place.with_name(f".{name}.{os.urandom(8).hex()}")
    descriptor = os.open(new, _NEW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.replace(new, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise
    if durable:
        with suppress(OSError):  # the new file is there, so this is no failure
            sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in ``folder`` survive a power loss, where the system supports it. Raises ``OSError``."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_whole(place: Path, text: str) -> None:
    """Write a text file with the usual mode. Raises ``OSError``."""
    with replacing(place, mode=0o666) as file:
        file.write(text.encode())


def open_regular(place: Path) -> BinaryIO:
    """Open a file for reading. Raises ``OSError``, also for a folder, a pipe or a device."""
    descriptor = os.open(place, _READ)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    why = os.strerror(errno.EISDIR) if stat.S_ISDIR(mode) else "it is no regular file"
    raise OSError(errno.EISDIR, why, str(place))


def read_regular(place: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    """Return the content of a file. Raises ``OSError``, also for one that is longer than ``most_bytes``."""
    with open_regular(place) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes >> 20} MiB", str(place))
    return content


def open_nonblocking(place: str, flags: int) -> int:
    """Open a private file, as an ``opener``, without waiting for the reader of a pipe. Raises ``OSError``."""
    return os.open(place, flags | getattr(os, "O_NONBLOCK", 0), 0o600)


def read_kept(place: Path, kind: type[T], default: T) -> T:
    """Return the value in the file at ``place``; ``default`` if the file is missing or damaged."""
    import msgspec  # imported late: the command line starts without it

    from protocol.decoding import prepared

    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError), open_regular(place) as file:
        return msgspec.json.decode(file.read(_MOST_BYTES), type=prepared(kind))
    return default


def keep(place: Path, value: object) -> None:
    """Replace the value in the file at ``place``. If that fails, the file keeps the earlier value."""
    import msgspec

    with suppress(OSError):
        private_folder(place.parent)
        with replacing(place) as file:
            file.write(msgspec.json.encode(value))
