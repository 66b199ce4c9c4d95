"""Microphone trials: their reports, the priority of takes, and the release of the device."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from app.capture.errors import MicrophoneRefused, NoMicrophone
from app.core.errors import Note
from app.dictation.recorder import Recorder
from app.onboarding.microphone_trial import MicrophoneTrialRunner, TrialTimes
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from app.transcription.pipeline import Samples
from protocol.audio import SAMPLE_RATE
from tests.app.dictation.world import BLOCK, FakeDevice, FakeDevices
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until

LOUD = (np.sin(np.arange(BLOCK * 4) / 20) * 8_000).astype(np.int16)
SOON = TrialTimes(most_s=60.0, check_s=0.02, retry_s=0.02, report_s=0.0)


class EndlessDevice(FakeDevice):
    """A device that repeats its audio, faster than real time."""

    async def _blocks(self, stopped: asyncio.Event) -> AsyncIterator[Samples]:
        while not stopped.is_set():
            for at in range(0, len(self.audio), BLOCK):
                yield self.audio[at : at + BLOCK]
            await asyncio.sleep(0.001)


class World:
    """A trial, the recorder that it shares with takes, and the values it reported."""

    def __init__(self, devices: FakeDevices, recorder: Recorder, times: TrialTimes) -> None:
        self.devices, self.recorder = devices, recorder
        self.told: list[MicrophoneTrial] = []
        self.looks = 0
        self.trying = MicrophoneTrialRunner(recorder, self.told.append, self._look, times)

    async def is_(self, *states: MicrophoneActivity) -> MicrophoneTrial:
        await wait_until(lambda: self.told and self.told[-1].hearing in states, f"the trial is {states}")
        return self.told[-1]

    def _look(self) -> None:
        self.looks += 1


@asynccontextmanager
async def world(audio: Samples = LOUD, times: TrialTimes = SOON) -> AsyncIterator[World]:
    devices = FakeDevices(audio, kind=EndlessDevice)
    async with Recorder(devices, lambda change: None, linger_s=0.05) as recorder:
        made = World(devices, recorder, times)
        async with made.trying:
            yield made
        await wait_until(lambda: devices.open_now == 0, "the device is given back")


async def test_level_is_reported_during_a_trial() -> None:
    async with world() as made:
        made.trying.ask(TryMicrophone(True))
        seen = await made.is_(MicrophoneActivity.HEARING)
        assert (seen.device, round(seen.level_dbfs), seen.quiet, seen.note) == ("default", -15, False, None)
        await wait_until(lambda: made.looks > 2, "what is plugged in is looked for again and again")
        made.trying.ask(TryMicrophone(False))
        assert made.told[-1] == MicrophoneTrial()
        await wait_until(lambda: made.devices.open_now == 0, "it is closed")
        looks = made.looks
        await asyncio.sleep(0)
        assert made.looks == looks


async def test_silence_is_reported_as_quiet() -> None:
    async with world(np.zeros(BLOCK, np.int16)) as made:
        made.trying.ask(TryMicrophone(True))
        await wait_until(lambda: made.told and made.told[-1].quiet, "it is quiet")


async def test_take_has_priority_over_a_trial() -> None:
    async with world() as made:
        made.trying.ask(TryMicrophone(True))
        await made.is_(MicrophoneActivity.HEARING)
        take = await made.recorder.record(lambda: None, lambda: None)
        await made.is_(MicrophoneActivity.OPENING)
        heard = 0
        async for block in take.buffer.blocks():
            heard += len(block)
            if heard == 10 * len(LOUD):
                take.stop()
        assert (heard, take.superseded) == (10 * len(LOUD), False)
        await made.is_(MicrophoneActivity.HEARING)
        assert made.devices.opened == 1


async def test_trial_waits_for_a_running_take() -> None:
    async with world() as made:
        take = await made.recorder.record(lambda: None, lambda: None)
        made.trying.ask(TryMicrophone(True))
        await wait_until(lambda: made.looks > 3, "it has been tried")
        assert (made.told[-1].hearing, take.superseded) == (MicrophoneActivity.OPENING, False)
        take.abandon()
        await made.is_(MicrophoneActivity.HEARING)


async def test_microphone_plugged_in_later_is_found() -> None:
    async with world() as made:
        made.devices.failure = NoMicrophone()
        made.trying.ask(TryMicrophone(True))
        await wait_until(lambda: made.told[-1].note == Note("no-microphone"), "it is told that there is none")
        made.devices.failure = MicrophoneRefused("USB", "denied")
        await wait_until(lambda: made.told[-1].note == Note("microphone-refused", {"device": "USB"}), "denied")
        made.devices.failure = None
        assert (await made.is_(MicrophoneActivity.HEARING)).note is None


async def test_missing_microphone_is_logged_once() -> None:
    with capture_logs() as lines:
        async with world() as made:
            made.devices.failure = NoMicrophone()
            made.trying.ask(TryMicrophone(True))
            await wait_until(lambda: made.told[-1].note == Note("no-microphone"), "it is told that there is none")
            tried = made.looks
            await wait_until(lambda: made.looks > tried + 9, "it was tried again")
    assert [line["event"] for line in lines] == ["microphone.trial_failed"]


async def test_trial_restarts_with_another_chosen_microphone() -> None:
    async with world() as made:
        made.trying.restart()
        assert made.told == []
        made.trying.ask(TryMicrophone(True))
        await made.is_(MicrophoneActivity.HEARING)
        made.recorder.choose("headset", keep_open=False)
        made.trying.restart()
        await wait_until(lambda: made.told[-1].device == "headset", "the other one is heard")


async def test_trial_ends_after_its_longest_time() -> None:
    async with world(times=TrialTimes(0.05, 1.0, 1.0, 0.0)) as made:
        made.trying.ask(TryMicrophone(True))
        await made.is_(MicrophoneActivity.HEARING, MicrophoneActivity.OPENING)
        await made.is_(MicrophoneActivity.CLOSED)
        assert made.told[-1] == MicrophoneTrial()


async def test_silence_after_a_voice_is_not_reported_as_quiet() -> None:
    async with world(np.concatenate([LOUD, np.zeros(5 * SAMPLE_RATE, np.int16)])) as made:
        made.trying.ask(TryMicrophone(True))
        await wait_until(lambda: len(made.told) > 100, "it has been heard, and silence after it")
        assert made.told[-1].heard
        assert not any(trial.quiet for trial in made.told)
