"""Private files (mode 0600, in folders of mode 0700): made once by the first process, or replaced as a whole.

Root creates them for the folder's owner: a service must be able to read files that its operator changed.
"""

import errno
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.folders import private_folder
from runtime.locking import try_lock
from runtime.whole_file import read_regular, sync_folder

_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
"""Errors of file systems without hard links: FAT, exFAT, and some network file systems."""
_LOCK_S: Final = 5.0
_AGAIN_S: Final = 0.01


def create_once(file: Path, make: Callable[[], bytes], link: Callable[[str, Path], None] = os.link) -> bytes:
    """Return the content of ``file``; create it with ``make`` if absent. The first of several creators wins."""
    private_folder(file.parent)
    with suppress(FileNotFoundError):
        return read_regular(file)
    temporary = _temporary(file, make())
    try:
        link(temporary, file)
    except FileExistsError:  # another process was first: use its file
        pass
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _put_under_lock(temporary, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    return read_regular(file)


def _put_under_lock(temporary: str, file: Path) -> None:
    """Rename a file unless the new name exists. Raises ``OSError``."""
    descriptor, latest = open_or_make(file.with_name(f".{file.name}.lock")), time.monotonic() + _LOCK_S
    try:
        while not try_lock(descriptor):
            if time.monotonic() > latest:
                raise TimeoutError(errno.ETIMEDOUT, "another process creates it and does not finish", str(file))
            time.sleep(_AGAIN_S)
        if not file.exists():
            os.replace(temporary, file)
    finally:
        os.close(descriptor)


def replace_file(file: Path, data: bytes) -> None:
    """Replace a file atomically: readers see the old or the new content, even after a power loss.

    The file keeps its owner if this process may change owners.
    """
    private_folder(file.parent)
    temporary = _temporary(file, data)
    try:
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise
    with suppress(OSError):  # the new content is there, so this is no failure
        sync_folder(file.parent)


def open_or_make(file: Path) -> int:
    """Return a descriptor of an empty file for locking; create it if absent. Never follows links."""
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
    except BaseException as error:
        os.unlink(name)
        if isinstance(error, OSError):
            error.filename = str(file)  # write errors name no file, but the message should
        raise
    return name


def _before(file: Path) -> os.stat_result:
    """Return the owner of ``file``, or of its folder if it does not exist."""
    with suppress(FileNotFoundError):
        return file.lstat()
    return file.parent.stat()


def _give(descriptor: int, like: os.stat_result) -> None:
    """Change the owner of a file created here; never of one that another process put there."""
    if sys.platform == "win32":
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        with suppress(OSError):  # only root may
            os.fchown(descriptor, like.st_uid, like.st_gid)
