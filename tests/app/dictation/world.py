"""Run dictation without hardware: fakes stand in for the devices, the inserter and the hotkeys."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from app.capture.errors import MicrophoneError
from app.capture.microphone import MicrophoneChange
from app.core.states import State
from app.core.transcript import Rewrite, as_it_is
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.messages import SoundCue
from app.dictation.runner import DictationRunner, Parts
from app.dictation.text_inserter import InsertionMeans
from app.dictation.view import View
from app.hotkeys.errors import HotkeyAbsent, HotkeyTaken
from app.hotkeys.events import Hotkeys, KeyEvent
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.journal.library import Library, TakeSnapshot
from app.transcription.listening import PATIENT, DictationSetup
from app.transcription.pipeline import Samples
from client.connection import Locate
from protocol.audio import SAMPLE_RATE
from tests.helpers.played import filled
from tests.helpers.waiting import wait_until

BLOCK = SAMPLE_RATE // 25
WINDOW = Target(7, "editor")
OTHER = Target(8, "browser")


class FakeDevice:
    """Fake microphone that plays ``audio`` once per recording, then waits silently until it is stopped."""

    level_dbfs = -20.0

    def __init__(self, name: str, audio: Samples, error: MicrophoneError | None = None) -> None:
        self.device = name
        self.audio = audio
        self.error = error
        self.heard = 0
        self.recordings = 0
        self._stopped = asyncio.Event()

    def start(self) -> None:
        self._stopped.set()
        self._stopped = asyncio.Event()
        self.heard = 0
        self.recordings += 1
        self.buffer = filled(self._blocks(self._stopped))

    def stop(self, late_s: float = 0.0) -> None:
        self._stopped.set()

    async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
        for start in range(0, len(self.audio), BLOCK):
            if stopped.is_set():
                return
            block = self.audio[start : start + BLOCK]
            self.heard += len(block)
            yield block
            await asyncio.sleep(0)
        if self.error:
            raise self.error
        await stopped.wait()


@dataclass
class FakeDevices:
    """Fake ``open_microphone`` that opens one device at a time.

    ``failure`` is raised instead of opening.
    """

    audio: Samples
    failure: MicrophoneError | None = None
    device: FakeDevice | None = None
    opened: int = 0
    open_now: int = 0
    gate: asyncio.Event | None = None
    kind: type[FakeDevice] = FakeDevice
    on_change: Callable[[MicrophoneChange], None] | None = None
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def __call__(
        self, choice: str, *, armed: bool, on_change: Callable[[MicrophoneChange], None]
    ) -> AsyncIterator[FakeDevice]:
        assert armed
        self.asked.append(choice)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        assert self.open_now == 0, "two devices at once"
        self.opened += 1
        self.open_now += 1
        self.device, self.on_change = self.kind(choice or "default", self.audio), on_change
        try:
            yield self.device
        finally:
            self.device.stop()
            self.open_now -= 1


@dataclass
class FakeInserter:
    """Fake inserter that remembers which text went where.

    ``focus`` is the focused window.
    """

    focus: Target | None = WINDOW
    texts: list[tuple[str, Target | None]] = field(default_factory=list)
    outcomes: list[Insertion] = field(default_factory=list)
    gate: asyncio.Event | None = None
    asked: int = 0
    looks: int = 0

    async def target(self) -> Target | None:
        self.looks += 1
        return self.focus

    async def insert(self, text: str, target: Target | None) -> Insertion:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.outcomes:
            return self.outcomes.pop(0)
        if target != self.focus:
            return Insertion(InsertionResult.HELD, "focus-moved")
        self.texts.append((text, target))
        return Insertion(InsertionResult.TYPED)

    async def close(self) -> None: ...

    def text(self, target: Target = WINDOW) -> str:
        return "".join(text for text, where in self.texts if where == target)


class FakeHotkeys(Hotkeys):
    """Fake hotkeys: ``press`` and ``release`` act as the user's fingers.

    A release may go unnoticed.
    """

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.bound: Mapping[str, str] = {}
        self.binds: list[Mapping[str, str]] = []
        self.taken: set[str] = set()
        self.absent: set[str] = set()
        self.passed_on: list[str] = []
        self.renewed = 0
        self._queued: asyncio.Queue[KeyEvent] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def events(self) -> AsyncIterator[KeyEvent]:
        while True:
            yield await self._queued.get()

    async def is_down(self, action: str) -> bool:
        return action in self.down

    async def pass_on(self, action: str) -> None:
        self.passed_on.append(action)

    async def bind(self, bindings: Mapping[str, str]) -> None:
        for action, key in bindings.items():
            if key in self.taken:
                raise HotkeyTaken(action, key)
            if key in self.absent:
                raise HotkeyAbsent(action, key, "this keyboard has no such key")
        self.bound = dict(bindings)
        self.binds.append(self.bound)

    async def renew(self) -> None:
        self.renewed += 1

    def press(self, action: str = "dictate") -> None:
        self.down.add(action)
        self._queued.put_nowait(KeyEvent(action, True, time.monotonic()))

    def release(self, action: str = "dictate", *, noticed: bool = True) -> None:
        self.down.discard(action)
        if noticed:
            self._queued.put_nowait(KeyEvent(action, False, time.monotonic()))


@dataclass
class FakeCues:
    played: list[SoundCue] = field(default_factory=list)

    def play(self, cue: SoundCue) -> None:
        self.played.append(cue)


MOST_WAIT = 3


class FakeCopier:
    """Fake clipboard; ``works``: whether copying succeeds."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.text = ""

    async def copy(self, text: str) -> bool:
        self.text = text if self.works else ""
        return self.works


class World:
    """All collaborators of one ``DictationRunner``, as fakes."""

    def __init__(
        self,
        root: Path,
        models: Path,
        locate: Locate,
        audio: Samples,
        options: DictationOptions,
        most_takes: int = MOST_WAIT,
    ) -> None:
        self.library = Library(root / "takes")
        self.devices = FakeDevices(audio)
        self.inserter = FakeInserter()
        self.hotkeys = FakeHotkeys()
        self.cues = FakeCues()
        self.views: list[View] = []
        settings = replace(PATIENT, retry=lambda failures, chance, asked: 0.02, elsewhere=lambda: self.elsewhere)
        self.rewrite: Rewrite = as_it_is
        self.elsewhere = False
        setup = DictationSetup(
            locate, models / "fsmn-vad", settings=settings, rewrite=lambda text: self.rewrite(text)
        )
        self.copier = FakeCopier()
        means = InsertionMeans(self.inserter, self.copier)
        used = means, self.devices, self.cues.play, self.hotkeys
        parts = Parts(self.library, setup, *used, most_takes=most_takes)
        self.changes = 0
        self.dictating = DictationRunner(parts, options, self._changed)
        self.dictating.follow(self.views.append)
        self.running: asyncio.Task[None] | None = None

    def _changed(self) -> None:
        self.changes += 1

    @property
    def states(self) -> list[State]:
        """The states that were shown, without consecutive repetitions."""
        seen = [view.state for view in self.views]
        return [state for place, state in enumerate(seen) if place == 0 or seen[place - 1] is not state]

    @property
    def found(self) -> list[TakeSnapshot]:
        return list(self.library.newest_takes())  # ordered more precisely than by the second of their start

    async def all_heard(self) -> None:
        await wait_until(lambda: self.devices.device is not None, "a device is open")
        device = self.devices.device
        assert device is not None
        await wait_until(lambda: device.heard == len(self.devices.audio), "all is heard")

    async def is_in(self, state: State) -> None:
        await wait_until(lambda: self.dictating.view.state is state, f"it is {state}; it was {self.states}")

    async def dictate(self) -> None:
        """Record one whole take in toggle mode."""
        self.dictating.ask(Verb.START)
        await self.is_in(State.LISTENING)
        await self.all_heard()
        self.dictating.ask(Verb.STOP)

    async def over(self, takes: int = 1) -> None:
        """Wait until this many takes have ended, according to their journals."""
        await wait_until(lambda: self.ended == takes, f"{takes} takes have ended")

    @property
    def ended(self) -> int:
        return sum(found.state.value not in ("live", "interrupted") for found in self.found)


@asynccontextmanager
async def dictating(
    root: Path,
    models: Path,
    locate: Locate,
    audio: Samples,
    options: DictationOptions,
    most_takes: int = MOST_WAIT,
) -> AsyncIterator[World]:
    """Run a ``World`` for as long as the context lasts."""
    world = World(root, models, locate, audio, options, most_takes)
    world.running = asyncio.create_task(world.dictating.run())
    await wait_until(lambda: world.hotkeys.bound or not options.keys, "keys are bound")
    try:
        yield world
    finally:
        world.running.cancel()
        await asyncio.gather(world.running, return_exceptions=True)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.int16)
