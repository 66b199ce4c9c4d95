"""Checks of free disk space, of durable writes to the folder of recordings, and of its takes. Blocks."""

import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from rich.filesize import decimal

from app.diagnostics.checks.finding import Finding, Topic, advice, ok, wrong
from app.journal.library import Library
from app.journal.take import TakeState
from runtime.folders import refuses_sockets, socket_variable
from speech.models.collector import FreeBytes, free_bytes

_FULL: Final = 100_000_000
_LITTLE: Final = 1_000_000_000
_SLOW_S: Final = 1.0
_PIECE: Final = 32_000  # bytes: a second of speech

_REFUSALS: Final[dict[int | None, str]] = {
    errno.EROFS: "disk-read-only",
    errno.EACCES: "disk-not-allowed",
    errno.EPERM: "disk-not-allowed",
    errno.ENOSPC: "disk-no-room",
    errno.EDQUOT: "disk-no-room",
    errno.ENOTDIR: "disk-no-folder",
    errno.ENOENT: "disk-no-folder",
}


def disk(places: Iterable[Path], recordings: Path, sockets: Path, free: FreeBytes = free_bytes) -> list[Finding]:
    """Check free space for all ``places``, existing or not, one finding per disk, and writes to ``recordings``.

    ``sockets``: the folder of sockets.
    """
    found = [*_room(places, free), writable(recordings)]
    if refuses_sockets(existing(sockets)):
        found.append(wrong(Topic.DISK, "disk-no-sockets", folder=str(sockets), variable=socket_variable()))
    return found


def _room(places: Iterable[Path], free: FreeBytes) -> Iterator[Finding]:
    disks: dict[int, list[Path]] = {}
    for wanted in places:
        with suppress(OSError):
            disks.setdefault(existing(wanted).stat().st_dev, []).append(wanted)
    for there in disks.values():
        with suppress(OSError):
            yield _space_left(free(existing(there[0])), os.path.commonpath(there))


def _space_left(free: int, folder: str) -> Finding:
    size = decimal(free)
    if free < _FULL:
        return wrong(Topic.DISK, "disk-full", size=size, folder=folder)
    if free < _LITTLE:
        return advice(Topic.DISK, "disk-little", size=size, folder=folder)
    return ok(Topic.DISK, "disk-room", size=size, folder=folder)


def writable(
    folder: Path, sync: Callable[[int], None] = os.fsync, clock: Callable[[], float] = time.perf_counter
) -> Finding:
    """Check that a second of speech can be written and synced to disk.

    Leaves no file behind.
    """
    there = existing(folder)
    begun = clock()
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(_PIECE))
            file.flush()
            sync(file.fileno())
    except OSError as error:
        if key := _REFUSALS.get(error.errno):
            return wrong(Topic.DISK, key, folder=str(there))
        said = error.strerror or type(error).__name__
        return wrong(Topic.DISK, "disk-refuses", folder=str(there), error=said)
    took_s = clock() - begun
    if took_s > _SLOW_S:
        return advice(Topic.DISK, "disk-slow", folder=str(there), seconds=f"{took_s:.1f}")
    return ok(Topic.DISK, "disk-takes", folder=str(folder), ms=round(1000 * took_s))


def existing(wanted: Path) -> Path:
    """Return the path, or its nearest parent that exists: a folder, or what is in the place of one."""
    return next((place for place in (wanted, *wanted.parents) if os.path.lexists(place)), Path("."))


_MOST: Final = 2_000
_NAMED: Final = 3
_WITHOUT_TEXT: Final = frozenset({TakeState.INTERRUPTED, TakeState.WAITING, TakeState.FAILED})


def recordings(library: Library) -> list[Finding]:
    """Count the takes, at most the newest 2,000, and name some that need attention.

    Reports no text.
    """
    takes = list(islice(library.newest_takes(), _MOST))
    if not takes:
        return [ok(Topic.RECORDINGS, "recordings-none")]
    size, seconds = decimal(sum(take.size for take in takes)), f"{sum(take.seconds for take in takes) / 60:.0f}"
    findings = [ok(Topic.RECORDINGS, "recordings", count=len(takes), size=size, minutes=seconds)]
    if damaged := [take for take in takes if take.damaged]:
        named = "; ".join(f"kikipounamu takes show {take.session}" for take in damaged[:_NAMED])
        findings.append(advice(Topic.RECORDINGS, "recordings-damaged", count=len(damaged), commands=named))
    unfinished = [take for take in takes if take.state in _WITHOUT_TEXT]
    if unfinished:
        named = "; ".join(f"kikipounamu takes resend {take.session}" for take in unfinished[:_NAMED])
        findings.append(advice(Topic.RECORDINGS, "recordings-textless", count=len(unfinished), commands=named))
    return findings
