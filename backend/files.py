"""Private files: made once whoever asks first, or replaced as a whole. Mode 0600, in a folder of mode 0700."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runtime.folders import private_folder


def made_once(file: Path, make: Callable[[], bytes]) -> bytes:
    """What is in ``file``; where it is not there yet, what ``make`` says: the first one's, if several make it."""
    private_folder(file.parent)
    with suppress(FileNotFoundError):
        return file.read_bytes()
    temporary = _temporary(file, make())
    try:
        with suppress(FileExistsError):  # another one was first: what it made is ours
            os.link(temporary, file)
    finally:
        os.unlink(temporary)
    return file.read_bytes()


def replace_file(file: Path, data: bytes) -> None:
    """Whoever reads ``file`` sees what was there or all of ``data``, after a power loss too."""
    private_folder(file.parent)
    temporary = _temporary(file, data)
    try:
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def _temporary(file: Path, data: bytes) -> str:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp: mode 0600
    try:
        with os.fdopen(descriptor, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(name)
        raise
    return name
