"""Files that are written completely or not at all. Blocks."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

_NAMED: Final = 32


@contextmanager
def replacing(place: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Open a new private file, and put it at ``place`` once it is written. Raises ``OSError``.

    ``durable``: its content survives a power failure.
    """
    name = place.name[:_NAMED]  # the name itself may be as long as the file system allows
    descriptor, new = tempfile.mkstemp(prefix=f".{name}.", dir=place.parent)  # mode 0600
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
    with replacing(place) as file:
        file.write(text.encode())
        if os.name == "posix":
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(file.fileno(), 0o666 & ~umask)
