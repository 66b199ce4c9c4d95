"""App with a fast microphone that measures Qt's turns: a process started by ``benchmarks.app_long_take``.

    python -m benchmarks.app_take RECORDING RESULT PACE [WHY]

For each take, from key-down until some time after its end, a line of JSON is appended to RESULT. Its ``work``
figures are the CPU time of Qt's thread in a turn; for the rest of the turn the thread waited for a core, or for
Python's lock. Stacks of all threads in long turns are appended to the file WHY; sampling them takes time, too.
"""

import gc
import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QTimer

from app import main as desktop
from app.application import Application
from app.core.states import State
from app.dictation.view import View
from app.local_services.local_worker import LocalWorkerSettings
from app.messages.kinds import News, Post
from app.own_recognition import WorkerOptions
from app.ui.shell.bridge import Bridge
from benchmarks.app_engine import create
from benchmarks.app_microphone import FastSoundSystem
from benchmarks.event_loop_watch import EventLoopWatch, LongTurnSampler

_ENGINE = f"{create.__module__}:{create.__name__}"
_AFTERWARDS_MS = 2500
_TICK_MS = 4


class CollectionTimes:
    """Durations of Python's garbage collections, in milliseconds."""

    def __init__(self) -> None:
        self._begun = 0.0
        self.took: list[float] = []
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _: dict[str, Any]) -> None:
        if phase == "start":
            self._begun = time.perf_counter()
        else:
            self.took.append(1000 * (time.perf_counter() - self._begun))


class TakeWatch:
    """Recorder of each take's turns, in Qt's thread. ``views``: number of views during the current take."""

    def __init__(self, result: Path, sound: FastSoundSystem, why: Path | None) -> None:
        self._result, self._sound = result, sound
        self._why = why
        self._sampler: LongTurnSampler | None = None
        self._watch: EventLoopWatch | None = None
        self._work: EventLoopWatch | None = None
        self._end: QTimer | None = None
        self._collections = CollectionTimes()
        self._begun_s = 0.0
        self.views = 0

    def see(self, state: object) -> None:
        """Start, continue or end the measurement as the state of the take changes."""
        if state is State.LISTENING:
            self._sound.speak()
        if state is State.IDLE:
            self._sound.wait()
            self._end = QTimer(singleShot=True, interval=_AFTERWARDS_MS)
            self._end.timeout.connect(self._ended)
            self._end.start()
        elif self._watch is None:
            self._begin()
        elif self._end is not None:
            self._end.stop()

    def _begin(self) -> None:
        self._collections.took.clear()
        self.views, self._begun_s = 0, time.perf_counter()
        self._watch, self._work = EventLoopWatch(_TICK_MS), EventLoopWatch(_TICK_MS, time.thread_time)
        self._watch.start()
        self._work.start()
        if self._why is not None:
            self._sampler = LongTurnSampler(self._watch)

    def _ended(self) -> None:
        watch, work, self._watch = self._watch, self._work, None
        if watch is None or work is None:
            return
        watch.stop()
        work.stop()
        if self._sampler is not None and self._why is not None:
            self._sampler.write(self._why)
        line = {
            "seconds": time.perf_counter() - self._begun_s,
            "views": self.views,
            "turns": watch.turns,
            "p50_ms": watch.percentile_ms(50),
            "p999_ms": watch.percentile_ms(99.9),
            "worst_ms": watch.worst_ms,
            "work_p999_ms": work.percentile_ms(99.9) + _TICK_MS,
            "work_worst_ms": work.worst_ms + _TICK_MS,
            "collection_ms": max(self._collections.took, default=0.0),
        }
        with self._result.open("a") as lines:
            lines.write(json.dumps(line) + "\n")


def _make_application(watching: TakeWatch, sound: FastSoundSystem, post: Post) -> Application:
    """Create the application; count its views, and report its states in Qt's thread."""
    bridge = Bridge(watching.see)
    application = QCoreApplication.instance()
    assert application is not None
    bridge.moveToThread(application.thread())
    before = State.IDLE

    def post_noting(news: News) -> None:
        nonlocal before
        post(news)
        if isinstance(news, View):
            watching.views += 1
            if news.state is not before:
                before = news.state
                bridge.post(before)

    settings = WorkerOptions(LocalWorkerSettings((), ("--engine", _ENGINE)))
    return Application(post_noting, settings, sound.open_device)


def main() -> int:
    """Run the app until it quits."""
    recording, result, pace, *why = sys.argv[1:]
    sound = FastSoundSystem(np.memmap(recording, np.int16, "r"), float(pace))
    watching = TakeWatch(Path(result), sound, Path(why[0]) if why else None)
    return desktop.run(partial(_make_application, watching, sound))


if __name__ == "__main__":
    sys.exit(main())
