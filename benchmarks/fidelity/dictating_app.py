"""App without windows that dictates recordings; the inserter only records the texts.

All else is the app's own: settings file, keys, takes, journal, gateway and worker as processes.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.application import Application
from app.capture.microphone import MicrophoneChange
from app.hotkeys.events import Hotkeys
from app.insertion.clipboard import WholeClipboard
from app.insertion.outcome import Inserter, Insertion, InsertionResult, Target
from app.insertion.plan import Rules
from app.journal.library import TakeSnapshot, users_library
from app.journal.take import TakeState
from app.local_services.local_worker import LocalWorkerSettings
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import News, Post
from app.models.engines import VAD_MODEL
from app.own_recognition import WorkerOptions
from app.settings.path import settings_place
from benchmarks.fidelity import replay_engine
from protocol.audio import SAMPLE_RATE
from runtime.folders import folders
from tests.app.dictation.world import FakeHotkeys
from tests.helpers.played import filled
from tests.helpers.waiting import wait_until

CHECKOUT: Final = Path(__file__).resolve().parents[2]
MODEL: Final = "whisper-base"
WINDOW: Final = Target(1, "editor")
DICTATE: Final = "dictate"
TALLY: Final = "tally"
_BLOCK: Final = SAMPLE_RATE // 50
_NO_TAP_S: Final = 0.5  # a shorter press is no dictation
_START_S: Final = 120.0
_END_S: Final = 120.0

Samples = NDArray[np.int16]


class Microphone:
    """Microphone that plays ``audio`` from the first sample at each start, then the noise of the room.

    ``pace``: how many times faster than real time it plays.
    """

    device = "a recording"
    level_dbfs = -20.0

    def __init__(self, pace: float) -> None:
        self.audio: Samples = np.zeros(_BLOCK, np.int16)
        self.pace = pace
        self.played = asyncio.Event()
        self._stop = asyncio.Event()  # of the current recording

    @asynccontextmanager
    async def open(
        self, choice: str, *, armed: bool, on_change: Callable[[MicrophoneChange], None]
    ) -> AsyncIterator["Microphone"]:
        """Open the microphone, as ``app.capture.microphone.open_microphone`` does."""
        yield self

    def start(self) -> None:
        """Begin a recording with the first sample."""
        self._stop.set()
        self._stop = asyncio.Event()
        self.buffer = filled(self._blocks(self._stop))

    def stop(self, late_s: float = 0.0) -> None:
        """End the current recording, if any."""
        self._stop.set()

    async def _blocks(self, stop: asyncio.Event) -> AsyncIterator[Samples]:
        begun = time.monotonic()
        for start in range(0, len(self.audio), _BLOCK):
            due = begun + (start + _BLOCK) / SAMPLE_RATE / self.pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if stop.is_set():
                return
            yield self.audio[start : start + _BLOCK]
        self.played.set()
        await stop.wait()


@dataclass
class RecordingInserter:
    """Inserter that records every text with the time of its insertion."""

    texts: list[tuple[float, str]] = field(default_factory=list)

    async def target(self) -> Target | None:
        """Return the only window."""
        return WINDOW

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Record the text and its time."""
        self.texts.append((time.monotonic(), text))
        return Insertion(InsertionResult.TYPED)

    async def close(self) -> None:
        """Do nothing: no resources are held."""


@dataclass(frozen=True)
class Dictated:
    """Result of one take. ``text``: text at the cursor. ``pieces``: number of insertions.

    ``held``: texts that wait to be pasted. ``spans``: segments that replace others. ``after_ms``: time from the
    end of the take to its last insertion. ``fresh``: decodes that were not replayed, and so took longer than on a
    quiet computer.
    """

    text: str
    pieces: int = 0
    held: int = 0
    segments: int = 0
    spans: int = 0
    after_ms: float | None = None
    fresh: int = 0


class DictatingApp(Application):
    """App whose microphone plays recordings, with keys and an inserter for a measurement."""

    def __init__(self, microphone: Microphone, settings: WorkerOptions, tally: Path) -> None:
        super().__init__(self._post, settings, microphone.open)
        self._tally = tally
        self.microphone = microphone
        self.keys = FakeHotkeys()
        self.kept = RecordingInserter()
        self.enter_hotkeys = self._enter_keys
        self.open_inserter = self._open_kept
        self.ready = False

    async def dictate(self, samples: Samples, *, hold: bool) -> Dictated:
        """Dictate a recording as one take: the key stays down during it, or is tapped before and after it."""
        before, decodes = newest_take(), self._decoded
        self.kept.texts.clear()
        self.microphone.audio = samples
        self.microphone.played.clear()
        self.keys.press()
        pressed = time.monotonic()
        if not hold:
            self.keys.release()
        length_s = len(samples) / SAMPLE_RATE / self.microphone.pace
        await wait_until(self.microphone.played.is_set, "the recording is played", length_s + _START_S)
        await asyncio.sleep(_NO_TAP_S - (time.monotonic() - pressed) if hold else 0)
        ended = time.monotonic()
        if not hold:
            self.keys.press()
        self.keys.release()
        await wait_until(lambda: self._is_over(before), "the take is over", _END_S)
        return replace(self._result(ended), fresh=self._decoded - decodes)

    @property
    def _decoded(self) -> int:
        return self._tally.stat().st_size if self._tally.exists() else 0

    def _is_over(self, before: TakeSnapshot | None) -> bool:
        take = newest_take()
        if take is None or (before is not None and take.session == before.session):
            return False
        return take.state not in (TakeState.LIVE, TakeState.INTERRUPTED)

    def _result(self, ended: float) -> Dictated:
        take = newest_take()
        assert take is not None
        segments = take.take.segments
        spans = sum(bool(getattr(getattr(one, "details", None), "replaces", ())) for one in segments.values())
        times = [at for at, _ in self.kept.texts]
        return Dictated(
            text="".join(text for _, text in self.kept.texts).strip(),
            pieces=len(times),
            held=len(take.take.held),
            segments=len(segments) - spans,
            spans=spans,
            after_ms=(times[-1] - ended) * 1000 if times else None,
        )

    def _post(self, news: News) -> None:
        if isinstance(news, WorkerView):
            self.ready = news.state is LocalWorkerState.IDLE

    async def _enter_keys(self, cleanup: AsyncExitStack, post: Post) -> Hotkeys:
        return await cleanup.enter_async_context(self.keys)

    async def _open_kept(self, post: Post, clipboard: WholeClipboard | None, rules: Rules) -> Inserter:
        return self.kept


def worker_with(decodes: Path | None, tally: Path) -> WorkerOptions:
    """Return settings for a worker that replays the decodes of this folder, and tallies those that it makes.

    Without a folder it recognises everything as it comes.
    """
    if decodes is None:
        return WorkerOptions(LocalWorkerSettings((VAD_MODEL, MODEL), ("--model", MODEL)))
    decodes.mkdir(parents=True, exist_ok=True)
    engine = ("--engine", f"{replay_engine.__name__}:{replay_engine.create.__name__}")
    extra = {replay_engine.KEPT: decodes, replay_engine.TALLY: tally, "folder": folders().models / MODEL}
    settings = [word for name, value in extra.items() for word in ("--set", f"{name}={value}")]
    return WorkerOptions(LocalWorkerSettings((VAD_MODEL,), (*engine, *settings)))


def newest_take() -> TakeSnapshot | None:
    """Return the newest take on disk."""
    return next(iter(users_library().newest_takes()), None)


@asynccontextmanager
async def running_app(
    home: Path, settings: Mapping[str, str], pace: float, worker: WorkerOptions
) -> AsyncIterator[DictatingApp]:
    """Run the app in a folder of its own. ``settings``: TOML lines by section."""
    os.environ["KIKIPOUNAMU_HOME"] = str(home)
    os.environ["XDG_CONFIG_HOME"] = str(home / "desktop")  # autostart entries
    os.environ["PYTHONPATH"] = str(CHECKOUT)  # where the worker finds its engine
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        os.environ.pop(name, None)
    place = settings_place()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(f"[{section}]\n{lines}\n" for section, lines in settings.items()), encoding="utf-8")
    app = DictatingApp(Microphone(pace), worker, home / TALLY)
    running = asyncio.create_task(app.run(), name="measured app")
    try:
        await wait_until(lambda: running.done() or (app.ready and app.keys.bound), "the app is ready", _START_S)
        if running.done():
            await running
        yield app
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
