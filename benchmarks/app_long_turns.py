"""Sampler of the stacks of all threads while Qt's thread is in a long turn. It runs in a thread of its own."""

import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType

from benchmarks.event_loop_watch import EventLoopWatch

_LOOK_S = 0.004
_LONG_S = 0.016
_MOST_FRAMES = 12


class Causes:
    """Sampler of long turns. Create it in Qt's thread; it samples until ``write``."""

    def __init__(self, watch: EventLoopWatch) -> None:
        self._watch, self._qt = watch, threading.get_ident()
        self._seen: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="long turns", daemon=True)
        self._thread.start()

    def write(self, place: Path) -> None:
        """Append the samples to this file, and stop sampling."""
        self._over.set()
        self._thread.join()
        with place.open("a") as lines:
            lines.writelines(self._seen)

    def _look(self) -> None:
        turns, since_s = -1, 0.0
        while not self._over.wait(_LOOK_S):
            now_s = time.perf_counter()
            if (seen := self._watch.turns) != turns:
                turns, since_s = seen, now_s
            elif now_s - since_s > _LONG_S:
                self._seen.append(self._told(1000 * (now_s - since_s)))

    def _told(self, late_ms: float) -> str:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        frames = sys._current_frames()
        others = [number for number in frames if number not in (self._qt, threading.get_ident())]
        stacks = [f"    {names.get(number, number)}: {_stack(frames[number])}\n" for number in (self._qt, *others)]
        return f"{late_ms:.1f} ms\n" + "".join(stacks)


def _stack(frame: FrameType) -> str:
    called = reversed(traceback.extract_stack(frame)[-_MOST_FRAMES:])
    return " < ".join(f"{call.name} {Path(call.filename).name}:{call.lineno}" for call in called)
