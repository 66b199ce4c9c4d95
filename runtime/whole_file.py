"""Files that are written completely or not at all, among them those of values whose loss does no harm. Blocks."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from runtime.folders import private_folder

T = TypeVar("T")

_MOST_BYTES: Final = 1 << 20
_NAMED: Final = 32
_NEW: Final[int] = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # the last one for Windows


@contextmanager
def replacing(place: Path, *, durable: bool = False, mode: int = 0o600) -> Iterator[BinaryIO]:
    """Open a new private file, and put it at ``place`` once it is written. Raises ``OSError``.

    ``durable``: its content survives a power failure. ``mode``: less the umask of this process, which only the
    system may read: to read it is to set it, also for all other threads.
    """
    name = place.name[:_NAMED]  # the name itself may be as long as the file system allows
    new = place.with_name(f".{name}.{secrets.token_hex(8)}")
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


def write_whole(place: Path, text: str) -> None:
    """Write a text file with the usual mode. Raises ``OSError``."""
    with replacing(place, mode=0o666) as file:
        file.write(text.encode())


def read_kept(place: Path, kind: type[T], default: T) -> T:
    """Return the value in the file at ``place``; ``default`` where there is none, or a damaged one."""
    import msgspec  # imported late: the command line starts without it

    with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError), place.open("rb") as file:
        return msgspec.json.decode(file.read(_MOST_BYTES), type=kind)
    return default


def keep(place: Path, value: object) -> None:
    """Replace the value in the file at ``place``; if that fails, the file keeps the earlier one."""
    import msgspec

    with suppress(OSError):
        private_folder(place.parent)
        with replacing(place) as file:
            file.write(msgspec.json.encode(value))
