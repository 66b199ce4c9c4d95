"""Start of each program: libraries report nothing to their makers, and limits that are too low are named.

ONNX Runtime 1.32 sends events over the network and keeps an identifier of the computer in the user's cache. It
begins when it is imported; only a variable of the environment is early enough.

A library that gets no memory, thread or file ends the process without a message (libuv, libpulse), or raises an
error of its own. Therefore each program checks the limits of the system (``ulimit``) before it imports much.
"""

import os
import sys
import threading
from typing import Final

SWITCHES: Final = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
NO_MEMORY: Final = "this program may use no more memory: allow it more (ulimit -v), or end other programs"
_KB: Final = 1024
_ENOUGH_FILES: Final = 256
_MANY_THREADS: Final = 1024
_SMALL_STACK: Final = 256 * _KB


def set_environment() -> None:
    """Set the variables for this process and those that it starts. Each program calls this first.

    An empty HOME would be the root folder; without HOME, the system names the user's.
    """
    os.environ.update(SWITCHES)
    if not os.environ.get("HOME"):
        os.environ.pop("HOME", None)


def require(*, memory_mb: int = 0, threads: int = 0, files: int = 0) -> None:
    """End the program with status 1, and name the limit, unless the system allows it this much more.

    ``memory_mb``: address space. ``files``: all open files of this process; the limit is raised if permitted.
    """
    if sys.platform == "win32":
        return
    if not _has_memory(memory_mb):
        sys.exit(f"this program needs {memory_mb} MB of memory more than it may use: allow it more (ulimit -v)")
    if (allowed := _allowed_files(files)) < files:
        sys.exit(f"this program may only open {allowed} files at once: allow it more (ulimit -n {_ENOUGH_FILES})")
    if not _can_start(threads):
        sys.exit(
            f"the system refuses {threads} threads: end other programs of this user, or allow more (ulimit -u)"
        )


def _has_memory(megabytes: int) -> bool:
    """Return whether this much address space can be taken. Without a limit, nothing is tried."""
    import mmap
    import resource

    if not megabytes or all(resource.getrlimit(one)[0] < 0 for one in (resource.RLIMIT_AS, resource.RLIMIT_DATA)):
        return True
    try:
        mmap.mmap(-1, megabytes * _KB * _KB, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, MemoryError):
        return False
    return True


def _allowed_files(files: int) -> int:
    """Raise the limit of open files to this number if it is lower and may be raised; return the limit."""
    import resource

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now < files:
        now = files if most < 0 else min(files, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))
    return now


def _can_start(threads: int) -> bool:
    """Return whether this many threads can run at once. If many are allowed, none is tried: each costs a heap."""
    import resource

    if not 0 <= resource.getrlimit(resource.RLIMIT_NPROC)[0] < _MANY_THREADS:
        return True
    over, started = threading.Event(), list[threading.Thread]()
    usual = threading.stack_size(_SMALL_STACK)
    try:
        for _ in range(threads):
            started.append(threading.Thread(target=over.wait, daemon=True))
            started[-1].start()
    except RuntimeError:
        started.pop()
        return False
    finally:
        threading.stack_size(usual)
        over.set()
        for thread in started:
            thread.join()
    return True
