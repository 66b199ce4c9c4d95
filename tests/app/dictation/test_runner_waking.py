"""Tests of an app that runs for days, on a computer that sleeps.

No speech is lost, devices are renewed, and old takes are deleted.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind
from app.core.errors import Note
from app.core.states import State
from app.dictation import runner
from app.dictation.actions import Verb
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.messages import Locked, SoundCue, Woke
from app.journal.errors import JournalError
from app.journal.library import Library
from app.journal.retention import RetentionLimits
from app.system.sleep_detector import ClockReadings, SleepWatcher
from client.connection import Address, Locate, fixed_locator
from protocol.audio import SAMPLE_RATE
from runtime.tasks import Tasks
from tests.app.dictation.world import World, dictating
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import wait_until

KEYS = {"dictate": "right_ctrl", "cancel": "esc", "paste-held": "ctrl+alt+v"}
OPTIONS = DictationOptions(TalkMode.TOGGLE, keep_open=True, keys=KEYS)
NOISE = np.random.default_rng(1).integers(-9_000, 9_000, 2 * SAMPLE_RATE).astype(np.int16)


@pytest.fixture
async def locate() -> AsyncIterator[Locate]:
    async with scripted(oblige) as gateway:
        yield fixed_locator(Address(gateway.url))


class Clock:
    """Clock that stops until the computer sleeps."""

    def __init__(self) -> None:
        self.now = ClockReadings(10.0, 10.0)

    def __call__(self) -> ClockReadings:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now = replace(self.now, always_s=self.now.always_s + seconds)


async def sleeps(world: World, clock: Clock, tasks: Tasks) -> None:
    """Let the computer sleep for eight hours."""
    waking = SleepWatcher(lambda seconds: world.dictating.handle(Woke()), clock, check_s=0.01)
    tasks.start(waking.watch(), "watch")
    renewed = world.hotkeys.renewed
    await wait_until(lambda: world.devices.open_now == 1, "the microphone is open")
    clock.sleep(8 * 3600.0)
    await wait_until(lambda: world.hotkeys.renewed == renewed + 1, "the keys are taken once more")


async def test_sleep_ends_recording_and_renews_microphone_and_keys(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world, Tasks("test") as tasks:
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        await world.all_heard()
        await sleeps(world, Clock(), tasks)
        await world.over()
        await wait_until(lambda: world.devices.opened == 2 and world.devices.open_now == 1, "it is opened anew")
        (found,) = world.found
        assert np.array_equal(np.fromfile(found.audio, "<i2"), NOISE), "all that was heard is there"
        assert world.cues.played == [SoundCue.START, SoundCue.STOP]
        assert "slept" in [view.note.key for view in world.views if view.note]
        world.hotkeys.press()
        world.hotkeys.release()
        await world.is_in(State.LISTENING)
        assert world.devices.opened == 2, "with the new one"


async def test_locked_screen_ends_recording_and_keeps_what_was_heard(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world:
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        await world.all_heard()
        world.dictating.handle(Locked())
        await world.over()
        (found,) = world.found
        assert np.array_equal(np.fromfile(found.audio, "<i2"), NOISE), "all that was heard is there"
        assert "locked" in [view.note.key for view in world.views if view.note]
        assert world.devices.opened == 1 and not world.hotkeys.renewed, "devices and keys still work"


async def test_muted_microphone_is_named_until_it_is_heard(tmp_path: Path, models: Path, locate: Locate) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world:
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        assert world.devices.on_change is not None
        world.devices.on_change(MicrophoneChange(MicrophoneChangeKind.SILENT, "headset", 0))
        silent = Note("microphone-silent", {"device": "headset"})
        await wait_until(lambda: world.dictating.view.note == silent, "the user is told")
        world.devices.on_change(MicrophoneChange(MicrophoneChangeKind.HEARD, "headset", 0))
        await wait_until(lambda: world.dictating.view.note is None, "the note goes")
        world.dictating.ask(Verb.STOP)
        await world.over()
        world.devices.on_change(MicrophoneChange(MicrophoneChangeKind.SILENT, "headset", 0))
        await wait_until(lambda: world.dictating.view.state is State.IDLE, "the take is done")
        assert world.dictating.view.note is None, "nothing is recorded"


async def test_dropped_audio_is_reported_during_a_take_but_not_during_a_trial(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world:
        dropped = MicrophoneChange(MicrophoneChangeKind.DROPPED, "headset", 0, 5327)
        trial = await world.dictating.recorder.record_trial(lambda: None)
        assert trial is not None and world.devices.on_change is not None
        world.devices.on_change(dropped)
        assert world.dictating.view.note is None, "no recording has a gap"
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        world.devices.on_change(dropped)
        assert world.dictating.view.note == Note("microphone-late", {"device": "headset"})


async def test_view_is_not_listening_while_the_microphone_is_gone(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world:
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        assert world.devices.on_change is not None
        world.devices.on_change(MicrophoneChange(MicrophoneChangeKind.LOST, "headset", 0))
        await world.is_in(State.ARMING)
        world.dictating.change(replace(OPTIONS, microphone="desk"))
        assert world.dictating.view.state is State.ARMING, "the chosen one is used later"
        world.devices.on_change(MicrophoneChange(MicrophoneChangeKind.FELL_BACK, "built-in", 0))
        await world.is_in(State.LISTENING)


async def test_microphone_chosen_during_recording_is_announced_for_the_next_one(
    tmp_path: Path, models: Path, locate: Locate
) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world:
        world.dictating.ask(Verb.START)
        await world.is_in(State.LISTENING)
        world.dictating.change(replace(OPTIONS, microphone="default"))
        assert world.dictating.view.note is None, "it is recorded already"
        world.dictating.change(replace(OPTIONS, microphone="headset"))
        chosen = Note("microphone-next")
        await wait_until(lambda: world.dictating.view.note == chosen, "the user is told")
        world.dictating.change(OPTIONS)
        await wait_until(lambda: world.dictating.view.note is None, "the one in use is chosen again")
        world.dictating.change(replace(OPTIONS, microphone="headset"))
        await wait_until(lambda: world.dictating.view.note == chosen, "the user is told again")
        world.dictating.ask(Verb.STOP)
        await world.over()
        await wait_until(lambda: world.devices.asked == ["", "headset"], "the chosen one is opened at once")
        assert world.dictating.view.note is None
        world.dictating.change(OPTIONS)
        await wait_until(lambda: world.devices.asked[2:] == [""], "the first one is opened")
        assert world.dictating.view.note is None, "nothing is recorded"


async def test_sleep_while_idle_only_renews_devices(tmp_path: Path, models: Path, locate: Locate) -> None:
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS) as world, Tasks("test") as tasks:
        await sleeps(world, Clock(), tasks)
        await wait_until(lambda: world.devices.opened == 2 and world.devices.open_now == 1, "it is opened anew")
        assert not world.found and not any(view.note for view in world.views)


async def test_expired_takes_are_swept_again_after_a_sweep_failed(
    tmp_path: Path, models: Path, locate: Locate, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[float] = []

    def sweep(library: Library, now_s: float, limits: RetentionLimits) -> list[UUID]:
        swept.append(now_s)
        if len(swept) == 1:
            raise JournalError("the folder of recordings cannot be read")
        return []

    monkeypatch.setattr(Library, "sweep", sweep)
    monkeypatch.setattr(runner, "_PREPARE_S", 0.0)
    monkeypatch.setattr(runner, "_SWEEP_S", 0.01)
    async with dictating(tmp_path, models, locate, NOISE, OPTIONS):
        await wait_until(lambda: len(swept) > 1, "a later sweep")
