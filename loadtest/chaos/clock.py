"""Stepped clocks of child processes, with libfaketime.

Only the time of day is stepped, never the monotonic clock, and only for processes that were started with the
library. The computer's own clock does not change.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PLACES: Final = ("/usr/lib", "/usr/local/lib", "/lib")
_NAMES: Final = ("faketime/libfaketimeMT.so.1", "*/faketime/libfaketimeMT.so.1")
_OPTIONS: Final = {
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "FAKETIME_DISABLE_SHM": "1",  # a killed program would leave its shared memory behind
}


def lets_sleep(library: Path) -> bool:
    """Return whether programs can sleep with this library. With libfaketime 0.9.10 they fail to (EINVAL)."""
    environment = {**os.environ, **_OPTIONS, "LD_PRELOAD": str(library), "FAKETIME": "+0"}
    command = [sys.executable, "-c", "import time; time.sleep(0.001)"]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0


def find_library(places: Sequence[str] = _PLACES, usable: Callable[[Path], bool] = lets_sleep) -> Path | None:
    """Return an installed libfaketime that is usable."""
    found = (path for place in places for name in _NAMES for path in Path(place).glob(name))
    return next(filter(usable, found), None)


class SteppedClock:
    """Clock of the processes that are started with its ``environment``. ``file`` holds the current step."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self._steps: list[float] = []
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            **_OPTIONS,
        }
        self._write()

    @contextmanager
    def step(self, seconds: float) -> Iterator[None]:
        """Step the clock, and step it back when the context ends. Processes notice within a second."""
        self._steps.append(seconds)
        try:
            self._write()
            yield
        finally:
            self._steps.remove(seconds)
            self._write()

    def _write(self) -> None:
        made = self._file.with_suffix(".new")
        made.write_text(f"{sum(self._steps):+.1f}\n")
        made.replace(self._file)
