"""Private files: made once whoever asks first, or replaced as a whole. Mode 0600, in a folder of mode 0700.

Root makes them for whom the folder is: a service reads what its operator changed beside it.
"""

import os
import sys
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
    """Whoever reads ``file`` sees what was there or all of ``data``, after a power loss too.

    It stays whose it was, where this process may give files away.
    """
    private_folder(file.parent)
    temporary = _temporary(file, data)
    try:
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise


def open_or_make(file: Path) -> int:
    """A descriptor of an empty file that others open too, to lock it. No link is followed."""
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    private_folder(file.parent)
    with suppress(FileExistsError):
        descriptor = os.open(file, flags | os.O_CREAT | os.O_EXCL, 0o600)
        _give(descriptor, file.parent.stat())
        return descriptor
    return os.open(file, flags)


def _temporary(file: Path, data: bytes) -> str:
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp: mode 0600
    try:
        with os.fdopen(descriptor, "wb") as temporary:
            _give(descriptor, _before(file))
            temporary.write(data)
            temporary.flush()
            os.fsync(descriptor)
    except BaseException:
        os.unlink(name)
        raise
    return name


def _before(file: Path) -> os.stat_result:
    """Whose ``file`` is; of one that is not there yet, whose its folder is."""
    with suppress(FileNotFoundError):
        return file.lstat()
    return file.parent.stat()


def _give(descriptor: int, like: os.stat_result) -> None:
    """Only what was made here is ever given away: never what somebody put at its name."""
    if sys.platform == "win32":
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        with suppress(OSError):  # only root may
            os.fchown(descriptor, like.st_uid, like.st_gid)
