"""Folders of this program on this computer.

The environment variable ``KIKIPOUNAMU_HOME`` moves all folders below one path, for tests and portable installs.
"""

import errno
import os
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NAME = "kikipounamu"
_ELSEWHERE: Final = "or set KIKIPOUNAMU_HOME to a folder that this user can write"
_REMEDIES: Final[dict[int | None, str]] = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there",
    errno.EROFS: f"make its disk writable, {_ELSEWHERE}",
    errno.EACCES: f"give this user access, {_ELSEWHERE}",
    errno.EPERM: f"give this user access, {_ELSEWHERE}",
    errno.ENOTDIR: f"move away the file that is in the place of a folder, {_ELSEWHERE}",
    errno.EEXIST: f"move away the file that is in the place of a folder, {_ELSEWHERE}",
    errno.EISDIR: f"move away what is in the place of the file, {_ELSEWHERE}",
    errno.EFBIG: "make it shorter, or move it away",
    errno.ENAMETOOLONG: f"use a shorter path, {_ELSEWHERE}",
    errno.ELOOP: f"remove the symbolic link that leads back to itself, {_ELSEWHERE}",
    errno.ENOTCONN: f"mount its disk again, {_ELSEWHERE}",
    errno.ESTALE: f"mount its disk again, {_ELSEWHERE}",
    errno.ENOLCK: "set KIKIPOUNAMU_HOME to a folder on a disk of this computer, or offer locks there",
}
_LIMITS: Final[dict[int | None, str]] = {
    errno.EMFILE: "end the program and start it again, or allow it more open files (ulimit -n)",
    errno.ENFILE: "end other programs, or allow the system more open files (sysctl fs.file-max)",
    errno.EAGAIN: "end other programs, or allow this user more of them (ulimit -u)",
    errno.ENOMEM: "end other programs, or allow this one more memory (ulimit -v)",
}
"""Remedies of errors that no file causes."""
_LOST: Final = frozenset({errno.ENOENT, errno.EEXIST})
"""Errors of reading and of making a folder below a symbolic link whose target does not exist."""
_LONGEST_SOCKET_PATHS = {"linux": 107}  # bytes of sockaddr_un.sun_path, without the final zero
_LONGEST_SOCKET_PATH = 103  # macOS and others
_NO_SOCKETS: Final = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})
"""FAT and exFAT in the kernel refuse with EPERM, drivers in a process with ENOSYS."""


@dataclass(frozen=True)
class Folders:
    """Paths of all folders. ``runtime`` is for sockets and endpoint files; a system restart empties it."""

    config: Path
    data: Path
    cache: Path
    logs: Path
    runtime: Path

    @property
    def models(self) -> Path:
        """Folder of installed models, one subfolder each. ``KIKIPOUNAMU_MODELS`` moves it alone."""
        chosen = os.environ.get("KIKIPOUNAMU_MODELS")
        return Path(chosen).expanduser().absolute() if chosen else self.data / "models"

    @property
    def broker(self) -> Path:
        """Folder of the embedded broker's append-only file and lock."""
        return self.data / "broker"

    @property
    def broker_socket(self) -> Path:
        """Unix socket of the embedded broker: in ``runtime``, or under a short name if that path is too long."""
        return _socket(self.runtime / "broker.sock")

    @property
    def control_socket(self) -> Path:
        """Unix socket of the running app, for the command line; placed like ``broker_socket``."""
        return _socket(self.runtime / "control.sock")

    @property
    def knows_session(self) -> bool:
        """True if all programs of the login session use this folder for sockets."""
        return sys.platform != "linux" or self.runtime != _without_session()


def folders() -> Folders:
    """Return the folders in force for this process. Creates nothing."""
    home = os.environ.get("KIKIPOUNAMU_HOME")
    if home:
        return folders_below(Path(home).expanduser().absolute())
    import platformdirs  # imported late: commands bound to a key start without it

    return Folders(
        config=Path(platformdirs.user_config_dir(_NAME, appauthor=False)),
        data=Path(platformdirs.user_data_dir(_NAME, appauthor=False)),
        cache=Path(platformdirs.user_cache_dir(_NAME, appauthor=False)),
        logs=Path(platformdirs.user_log_dir(_NAME, appauthor=False)),
        runtime=_runtime_folder(),
    )


def folders_below(home: Path) -> Folders:
    """Return the folders of a process whose ``KIKIPOUNAMU_HOME`` is this path. Creates nothing."""
    return Folders(home / "config", home / "data", home / "cache", home / "logs", home / "run")


def private_folder(path: Path) -> Path:
    """Create ``path`` and its parents, accessible only to this user; tighten its mode if needed.

    Raises ``PermissionError`` if another user created the folder in a shared place such as /tmp.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        status = path.lstat()
        if path.parent.stat().st_mode & stat.S_IWOTH and (status.st_uid != os.getuid() or path.is_symlink()):
            raise PermissionError(f"{path} belongs to another user: remove it, or set XDG_RUNTIME_DIR")
        if status.st_mode & 0o077:
            path.chmod(0o700)
    return path


def fits_socket(path: Path) -> bool:
    """Return whether ``path`` is short enough for a unix socket."""
    return len(os.fsencode(path)) <= _LONGEST_SOCKET_PATHS.get(sys.platform, _LONGEST_SOCKET_PATH)


def refuses_sockets(folder: Path) -> bool:
    """Return whether the disk of an existing folder holds no sockets. Creates one, and removes it."""
    if sys.platform == "win32":
        return False
    place = folder / f"{os.getpid()}.s"  # no longer than the names of our sockets
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(os.fspath(place))
        except OSError as error:
            return error.errno in _NO_SOCKETS
    place.unlink(missing_ok=True)
    return False


def socket_variable() -> str:
    """Return the environment variable that moves the folder of sockets."""
    return "KIKIPOUNAMU_HOME" if os.environ.get("KIKIPOUNAMU_HOME") else "XDG_RUNTIME_DIR"


def socket_refusal(folder: Path) -> str:
    """Return the sentence for a folder whose disk refuses sockets."""
    where = f"set {socket_variable()} to a folder on another disk"
    return f"the disk of {folder} cannot hold sockets, as disks with FAT or exFAT: {where}"


def _socket(place: Path) -> Path:
    if fits_socket(place):
        return place
    import hashlib

    short = hashlib.sha256(os.fsencode(place)).hexdigest()[:16]
    return _socket_folder(f"{_NAME}-{short}") / place.name


def _runtime_folder() -> Path:
    chosen = os.environ.get("XDG_RUNTIME_DIR")
    if chosen and os.path.isabs(chosen) and os.access(chosen, os.W_OK):  # programs may run in different folders
        return Path(chosen) / _NAME
    if os.name == "posix":
        # platformdirs would take /run/user/UID, which does not exist without a login session (containers, cron).
        return _without_session()
    import platformdirs

    return Path(platformdirs.user_runtime_dir(_NAME, appauthor=False))


def _without_session() -> Path:
    return _socket_folder(f"{_NAME}-{os.getuid()}")


def _socket_folder(name: str) -> Path:
    """Return the folder of this name for sockets outside of a login session, the same for all programs of a user.

    ``tempfile.gettempdir`` is unsuitable: it returns another place while the usual one is full, and at last the
    current folder. A folder of another user is skipped: its files could direct speech to a foreign gateway.
    """
    if os.name != "posix":
        return Path(tempfile.gettempdir()) / name
    for place in (*map(os.environ.get, ("TMPDIR", "TEMP", "TMP")), "/tmp", "/var/tmp"):
        if place and os.path.isabs(place) and os.access(place, os.W_OK | os.X_OK):
            folder = Path(place) / name
            if _can_be_ours(folder):
                return folder
    import platformdirs

    return Path(platformdirs.user_cache_dir(_NAME, appauthor=False)) / name


def _can_be_ours(folder: Path) -> bool:
    """Return whether a folder belongs to this user, or does not exist."""
    try:
        status = folder.lstat()
    except OSError:
        return True
    return status.st_uid == os.getuid() and not stat.S_ISLNK(status.st_mode)


def refuse_writes_of_others() -> None:
    """Deny other users write access to the files that this process and its children create.

    Where the umask of the user lets the group write, as 002 does, the group keeps that right.
    """
    mask = os.umask(0o077)
    os.umask(mask if mask & 0o002 else mask | 0o022)


def is_refused(error: BaseException) -> bool:
    """Return whether the system refuses a file or folder for a reason that its user can remove."""
    return isinstance(error, OSError) and bool(error.filename) and error.errno in _REMEDIES | _LIMITS


def lost_link(path: Path) -> Path | None:
    """Return the symbolic link in ``path`` whose target does not exist, as on a disk that is not mounted."""
    return next((place for place in (path, *path.parents) if place.is_symlink() and not place.exists()), None)


def link_refusal(link: Path) -> str:
    """Return the sentence for a symbolic link whose target does not exist."""
    why = f"it is a link to {os.readlink(link)}, which does not exist"
    return f"{link} cannot be used ({why}): mount the disk of that folder, or remove the link"


def refusal(error: OSError, place: Path | None = None) -> str:
    """Return which file or folder is refused, why, and what to do. ``place`` is for errors that name no file."""
    why = error.strerror or str(error) or type(error).__name__
    where = error.filename2 or error.filename or place  # filename2: the name that a file should get
    limit = _LIMITS.get(error.errno)
    if not where:
        return f"{why}: {limit}" if limit else why
    if error.errno in _LOST and (link := lost_link(Path(os.fsdecode(where)))):
        return link_refusal(link)
    remedy = limit or _REMEDIES.get(error.errno, f"check that folder and its disk, {_ELSEWHERE}")
    return f"{os.fsdecode(where)} cannot be used ({why}): {remedy}"
