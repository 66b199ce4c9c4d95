"""Run dictation: perform the state machine's effects with microphone, journals, gateway and inserter.

    runner = DictationRunner(parts, options)
    runner.follow(show)             # receives each new ``View``, at most about 20 a second
    await runner.run()              # until the user quits or it is cancelled; speech is kept either way

Everything here belongs to the event loop of ``run`` and nothing blocks it: slow work runs in tasks or threads.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind
from app.core.errors import AppError, Note
from app.core.segment_observer import Observe, ignore
from app.core.states import LOWEST_DBFS
from app.dictation.actions import CopyText, DictationAction, HeldAction, RecoverTake, SettleHeld, Verb
from app.dictation.delivery_log import DeliveryLog
from app.dictation.dictation_options import DictationOptions
from app.dictation.hotkey_adapter import HotkeyAdapter
from app.dictation.hotkey_test import KeysSeen
from app.dictation.messages import (
    CloseTake,
    DiscardTake,
    Effect,
    Event,
    Gauges,
    Leave,
    PassOnTap,
    PlayCue,
    PollKey,
    Renew,
    SoundCue,
    TargetFound,
    Tick,
)
from app.dictation.recorder import OpenDevice, Recorder
from app.dictation.recordings import PastTakes, Recordings
from app.dictation.running_takes import RunningTakes
from app.dictation.state_machine import MOST_TAKES, Dictation
from app.dictation.take_progress import NOTICE_S
from app.dictation.take_runner import TakeParts
from app.dictation.text_inserter import InsertionMeans, TextInserter
from app.dictation.view import View
from app.hotkeys.events import Hotkeys
from app.journal.library import Library
from app.journal.retention import RetentionLimits
from app.transcription.listening import DictationSetup, warm
from runtime.tasks import OneTask, Tasks, complete, is_set_within, loop_time

REFRESH_S: Final = 0.05
_SLOW_REFRESH_S: Final = 0.25
_PREPARE_S: Final = 2.0
_SWEEP_S: Final = 3600.0
_CHECK_S: Final = 1.0

MICROPHONE_NOTES: Final = {
    MicrophoneChangeKind.LOST: "microphone-lost",
    MicrophoneChangeKind.FELL_BACK: "microphone-other",
    MicrophoneChangeKind.CAME_BACK: "microphone-back",
    MicrophoneChangeKind.DROPPED: "microphone-late",
    MicrophoneChangeKind.SILENT: "microphone-silent",
}

_OF_A_TAKE: Final = frozenset({MicrophoneChangeKind.DROPPED, MicrophoneChangeKind.SILENT})
"""Changes that concern the recorded sound, not the device."""


@dataclass(frozen=True)
class Parts:
    """The components that ``DictationRunner`` works with.

    ``hotkeys``: already entered.
    ``most_takes``: the limit on takes that wait at once.
    """

    library: Library
    setup: DictationSetup
    means: InsertionMeans
    open_device: OpenDevice
    play: Callable[[SoundCue], None]
    hotkeys: Hotkeys
    most_takes: int = MOST_TAKES
    observe: Observe = ignore
    limits: Callable[[], RetentionLimits] = RetentionLimits
    show_keys: Callable[[KeysSeen], None] = lambda seen: None
    no_worker: Callable[[], Note | None] = lambda: None


class DictationRunner:
    """Runner for the takes of one run of the app; calls ``history_changed`` when the takes on disk change."""

    def __init__(
        self, parts: Parts, options: DictationOptions, history_changed: Callable[[], None] = lambda: None
    ) -> None:
        self._parts = parts
        self._options = options
        self._machine = Dictation(options.mode, parts.most_takes)
        self._machine.joins = options.joins
        self._tasks = Tasks("dictating")
        self._copying = OneTask(self._tasks, "copy")
        self._catching_up = OneTask(self._tasks, "catch up")
        self._core = Tasks("dictating")  # the failure of any of these ends the run
        self._deliveries = DeliveryLog(parts.library, parts.observe)
        self._history_changed = history_changed
        self._texts = TextInserter(parts.means, self._deliveries, self.handle, self._tasks, history_changed)
        self.recorder = Recorder(parts.open_device, self._microphone_changed)  # shared with trials
        self._takes = self._running_takes(parts)
        sharing = self._deliveries.sharing
        self._earlier = PastTakes(parts.library, parts.setup, lambda: self._options.options, sharing)
        show, warn = parts.show_keys, partial(self._warn, "hotkeys")
        self._keys = HotkeyAdapter(parts.hotkeys, self.handle, warn, show)
        self._warnings: dict[str, Note] = {}
        self._followers: list[Callable[[View], None]] = []
        self._view = View()
        until_recorded = self._texts.until_recorded
        self.recordings = Recordings(self._earlier, self._machine, self._deliveries, self.handle, until_recorded)
        self._woken = asyncio.Event()
        self._leaving = asyncio.Event()

    def _running_takes(self, parts: Parts) -> RunningTakes:
        take_parts = TakeParts(
            parts.library,
            self._deliveries,
            parts.setup,
            self.recorder,
            parts.observe,
            key_down=lambda: bool(self._machine.keys),
            no_worker=parts.no_worker,
            each_at_once=lambda: self._options.each_piece_at_once,
        )
        return RunningTakes(
            take_parts, lambda: self._options, self._texts, self._tasks, self.handle, self._take_ended
        )

    # -- requests ------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The view that the user sees now."""
        loop = asyncio.get_running_loop()
        return self._machine.view(loop.time(), self._gauges())

    @property
    def holds_nothing(self) -> bool:
        """True if the verbs about held texts have no effect now."""
        return not self.view.held and self.view.note != Note("insert-ready")

    def follow(self, show: Callable[[View], None]) -> Callable[[], None]:
        """Call ``show`` with each view: state changes at once, others at most 20 times a second.

        Return a function that ends this.
        """
        self._followers.append(show)

        def end() -> None:
            with suppress(ValueError):
                self._followers.remove(show)

        return end

    def ask(self, action: DictationAction) -> None:
        """Start a user's action and return at once."""
        match action:
            case Verb():
                self.handle(action)
            case RecoverTake(session):
                self._tasks.start(self._recover(session), "recover")
            case CopyText(text):
                self._copying.stop()
                self._copying.start(lambda: self._copy(text))
            case SettleHeld(session, how):
                self._tasks.start(self._settle(session, how), "settle")
            case _:
                self._keys.ask(action)

    def change(self, options: DictationOptions) -> None:
        """Apply new preferences; a key that cannot be bound becomes a note."""
        if self._machine.recording is not None:
            used = options.microphone in (self.recorder.device_choice, self.recorder.device)
            self._warn("choice", None if used else Note("microphone-next"))
        self._options = options
        self._machine.gestures.mode, self._machine.joins = options.mode, options.joins
        self.recorder.choose(options.microphone, keep_open=options.keep_open)
        self._keys.request(options.keys)
        self._woken.set()

    async def until_bound(self) -> None:
        """Wait until the hotkeys are bound or refused for the first time; then show the view in any case."""
        await self._keys.tried.wait()
        self._show(anyway=True)

    async def until_finished(self) -> None:
        """Wait until every take begun so far is over, but not for takes that begin later."""
        newest, seen = self._machine.begun, asyncio.Event()
        end = self.follow(lambda view: seen.set())
        try:
            while self._machine.waits_for(newest):
                await is_set_within(seen, _CHECK_S)
                seen.clear()
        finally:
            end()

    # -- lifetime ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until the user quits; cancellation waits only for an insertion under way.

        Recorded speech is kept either way.
        """
        try:
            async with self.recorder, self._tasks, self._core:
                self.change(self._options)
                self._core.start(self._ticking(), "tick")
                self._tasks.keep(self._deliveries.retry_refused, "record owed")
                self._tasks.start(self.recordings.hold_again(), "held before")
                self._tasks.start(self._preparing(), "prepare")
                self._core.start(self._keys.listen(), "keys")
                self._core.start(self._keys.keep_bound(), "bind")
                try:
                    await self._until_quit()
                finally:
                    await self._texts.finish()
        finally:
            await complete(self._deliveries.close_all())

    async def _copy(self, text: str) -> None:
        copier = self._parts.means.copier
        copied = copier is not None and await copier.copy(text)
        self._warn("copy", Note("copied") if copied else Note("not-copied"))
        await asyncio.sleep(NOTICE_S)
        self._warn("copy", None)

    async def _settle(self, session: str, how: HeldAction) -> None:
        with suppress(AppError):  # the view was outdated: refresh it
            await self.recordings.settle(session, how)
        self._history_changed()

    async def _until_quit(self) -> None:
        """Wait until the user quits. Raises the error of a core task that failed."""
        leaving = asyncio.create_task(self._leaving.wait(), name="dictating/leaving")
        try:
            ends: set[asyncio.Future[Any]] = {leaving, self._core.failed}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._core.failed.done():
                raise self._core.failed.result()
        finally:
            leaving.cancel()

    async def _ticking(self) -> None:
        """Send ticks to the state machine and refresh the view."""
        while True:
            now = loop_time()
            due = self._machine.due(now)
            self._show()
            await asyncio.sleep(REFRESH_S)
            pause = None if due is None else max(0.0, due - loop_time())
            if self._machine.recording is not None:
                pause = 0.0
            elif self._machine.pending:
                pause = min(_SLOW_REFRESH_S, _SLOW_REFRESH_S if pause is None else pause)
            await is_set_within(self._woken, pause)
            self._woken.clear()
            self._perform(self._machine.handle(Tick(), loop_time()))
            if self._takes.aside and not self._machine.pending:
                self._catching_up.start(self._catch_up)

    async def _preparing(self) -> None:
        """Load libraries ahead of the first take, then sweep expired takes periodically."""
        await asyncio.sleep(_PREPARE_S)
        await asyncio.to_thread(warm, self._parts.setup)
        while True:
            self._tasks.start(self._earlier.sweep(self._parts.limits()), "sweep")  # one may fail
            await asyncio.sleep(_SWEEP_S)

    # -- the view ------------------------------------------------------------------------------------------

    def _show(self, *, anyway: bool = False) -> None:
        view = self.view
        if anyway or view != self._view:
            self._view = view
            for show in tuple(self._followers):
                show(view)

    def _gauges(self) -> Gauges:
        level, warning = self.recorder.level_dbfs, self._warnings.get("microphone")
        return Gauges(
            level_dbfs=LOWEST_DBFS if level is None else level,
            device=self.recorder.device,
            destination=self._takes.destination,
            places=self._texts.places,
            unsent_s=self._takes.unsent_s,
            note=next(iter((*self._takes.notes, *self._warnings.values())), None),
            lost=warning is not None and warning.key == "microphone-lost",
        )

    def _microphone_changed(self, change: MicrophoneChange) -> None:
        key = MICROPHONE_NOTES.get(change.change)
        if change.change in _OF_A_TAKE and not self.recorder.records_take:
            return  # nothing is kept of a trial, which reports silence itself
        self._warn("microphone", Note(key, {"device": change.device}) if key else None)

    def _warn(self, about: str, note: Note | None) -> None:
        self._warnings.pop(about, None)
        if note is not None:
            self._warnings[about] = note
        self._woken.set()

    # -- effects -------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Pass an event to the state machine, perform the effects and show a new state at once."""
        match event:
            case TargetFound(take, target, int(segment)):
                self._takes.set_target(take, segment, target)
        self._perform(self._machine.handle(event, loop_time()))
        if self.view.state is not self._view.state:  # immediate feedback for key presses
            self._show()
        self._woken.set()

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, DiscardTake | CloseTake):
                self._warnings.pop("microphone", None)
                self._warnings.pop("choice", None)
            self._takes.perform(effect) or self._texts.perform(effect) or self._perform_other(effect)
        self._keys.set_recording(self._machine.recording is not None)

    def _perform_other(self, effect: Effect) -> bool:
        match effect:
            case PollKey(action, needed):
                self._tasks.start(self._keys.poll(action, needed=needed), "poll")
            case PassOnTap(action):
                self._tasks.start(self._keys.pass_on(action), "pass on")
            case PlayCue(cue) if self._options.cues:
                self._parts.play(cue)
            case Renew():
                self.recorder.renew()
                self._tasks.start(self._keys.renew(), "renew")
            case Leave():
                self._leaving.set()
        return True

    def _take_ended(self) -> None:
        self._history_changed()
        self._woken.set()

    async def _catch_up(self) -> None:
        """Recognise the takes that were put aside, one after the other."""
        while self._takes.aside and not self._machine.pending:
            await self._recover(self._takes.aside.popleft())

    async def _recover(self, session: str) -> None:
        note = await self._earlier.recover(session)
        self._history_changed()
        self._warn("recovery", note)
