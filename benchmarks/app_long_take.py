"""Turns of Qt's thread during a long take, played faster than real time, and during one after twenty such."""

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from app.journal.disk import AUDIO
from app.journal.library import TakeSnapshot
from benchmarks.app_microphone import long_recording
from benchmarks.report import REPOSITORY, Figure
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.waiting import wait_until_sync

_TURN_MS, _WORST_MS = 16.0, 100.0
_TAKES = 20
_SHORT_S = 8.0
_START_S = 120.0
_SETTLED_S = 12.0


@dataclass
class FastApp(DesktopApp):
    """App of ``benchmarks.app_take`` with its window open."""

    recording: Path = Path()
    result: Path = Path()
    pace: float = 1.0
    why: str = ""

    def start(self) -> None:
        """Start the app; return when its worker is idle and loading has settled."""
        words = [str(self.recording), str(self.result), str(self.pace), *([self.why] if self.why else [])]
        command = [sys.executable, "-m", "benchmarks.app_take", *words]
        self.process = self.desktop.start(*command, **self._environment, PYTHONPATH=str(REPOSITORY))
        wait_until_sync(self.is_ready, "the app has a worker that is idle", _START_S)
        time.sleep(_SETTLED_S)

    def take(self, seconds: float) -> dict[str, float]:
        """Record a take; return the figures of Qt's thread until the take was over.

        The take is stopped once its journal holds ``seconds`` of audio.
        """
        before, done = set(self._recorded()), len(self._results())
        self.request("start")

        def heard() -> int:
            return sum(size for place, size in self._recorded().items() if place not in before)

        wanted = seconds * SAMPLE_RATE * BYTES_PER_SAMPLE
        wait_until_sync(lambda: heard() >= wanted, "everything is heard", 60 + 2 * seconds / self.pace)
        self.request("stop")
        wait_until_sync(lambda: len(self._results()) > done, "the take is over")
        return self._results()[-1]

    def _recorded(self) -> dict[Path, int]:
        """Return the size in bytes of each recording."""
        return {place: place.stat().st_size for place in self.home.glob(f"data/takes/*/{AUDIO}")}

    def _results(self) -> list[dict[str, float]]:
        lines = self.result.read_text().splitlines() if self.result.exists() else []
        return [json.loads(line) for line in lines]


def long_take(models: Path, minutes: float, pace: float, why: str = "") -> Iterator[Figure]:
    """Measure a long take, then one after twenty such. ``why``: file for stack traces of long turns."""
    with running_app(models, start=False) as made:
        folder = made.home.parent
        recording = folder / "recording.pcm"
        long_recording(minutes).tofile(recording)
        given = made.desktop, made.microphone, made.home, made.models, ()
        app = FastApp(*given, None, recording, folder / "turns", pace, why)
        app.start()
        field = TextField(app.desktop)
        found = app.take(recording.stat().st_size / BYTES_PER_SAMPLE / SAMPLE_RATE)
        (take,) = app.takes()
        assert field.text == take.transcript.text, "another text than in the history"
        size = f"{len(take.take.segments)} segments, {len(take.transcript.text)} characters"
        yield from _figures(f"a take of {minutes:g} min at {pace:g} times its pace", found, size)
        for _ in range(_TAKES - 1):
            _copy(take)
        app.quit()
        app.start()
        field.focus()
        yield from _figures(f"the next take, after {_TAKES} such", app.take(_SHORT_S * pace), "")
        app.quit()


def _figures(what: str, found: dict[str, float], size: str) -> Iterator[Figure]:
    turns = int(found["turns"])
    beside = f"p50 {found['p50_ms']:.1f} ms, {found['views']} views in {found['seconds']:.0f} s"
    beside += f"; CPU of Qt's thread in a turn at most {found['work_p999_ms']:.1f} ms"
    yield Figure(f"{what}: Qt's turns, p99.9", found["p999_ms"], "ms", _TURN_MS, turns, beside)
    beside = f"{size}; CPU of Qt's thread at most {found['work_worst_ms']:.1f} ms"
    beside += f"; longest garbage collection {found['collection_ms']:.1f} ms"
    yield Figure(f"{what}: Qt's turns, longest", found["worst_ms"], "ms", _WORST_MS, turns, beside.lstrip("; "))


def _copy(take: TakeSnapshot) -> None:
    """Add a copy of the take with the same text and little audio to the history."""
    place = take.folder.parent / str(uuid4())
    shutil.copytree(take.folder, place, ignore=shutil.ignore_patterns(AUDIO))
    (place / AUDIO).write_bytes(bytes(2 * SAMPLE_RATE))
