"""Tests that all takes share one device: opened when needed, kept open if chosen, never two at once."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.capture.errors import MicrophoneRefused
from app.capture.microphone import MicrophoneChange
from app.dictation.recorder import Recorder, Recording
from app.transcription.pipeline import Samples
from tests.app.dictation.world import FakeDevices
from tests.helpers.waiting import wait_until

LOWEST = -100.0
AUDIO = np.arange(3000, dtype=np.int16)


class Takes:
    """A recorder and the events it reported."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.told: list[str] = []

    async def record(self, name: str = "") -> Recording:
        return await self.recorder.record(
            lambda: self.told.append(f"sounding {name}"), lambda: self.told.append(f"over {name}")
        )

    @property
    def level(self) -> float:
        level = self.recorder.level_dbfs
        return LOWEST if level is None else level

    async def whole(self, name: str = "") -> Samples:
        recording = await self.record(name)
        blocks = []
        async for block in recording.buffer.blocks():
            blocks.append(block)
            if sum(map(len, blocks)) == len(AUDIO):
                recording.stop()
        return np.concatenate(blocks)


def nothing(change: MicrophoneChange) -> None: ...


@pytest.fixture
async def devices() -> FakeDevices:
    return FakeDevices(AUDIO)


@pytest.fixture
async def takes(devices: FakeDevices) -> AsyncIterator[Takes]:
    async with Recorder(devices, nothing, linger_s=0.05) as recorder:
        yield Takes(recorder)
    assert devices.open_now == 0


async def test_device_is_opened_for_take_and_closed_after_delay(takes: Takes, devices: FakeDevices) -> None:
    assert np.array_equal(await takes.whole("one"), AUDIO)
    assert np.array_equal(await takes.whole("two"), AUDIO)
    assert takes.told == ["sounding one", "over one", "sounding two", "over two"]
    assert devices.opened == 1
    await wait_until(lambda: devices.open_now == 0, "it is closed")
    await takes.whole("three")
    assert devices.opened == 2


async def test_recording_that_ended_by_itself_does_not_stop_the_next_one(takes: Takes) -> None:
    """While a slow disk creates the journal, a take may stop its recording long after the recording has ended."""
    first = await takes.record("one")
    first.buffer.end(MicrophoneRefused("desk", "gone"))
    await wait_until(lambda: "over one" in takes.told, "the first one has ended")
    second = await takes.record("two")
    await wait_until(lambda: second.buffer.samples == len(AUDIO), "the second one has all")
    first.stop()
    for _ in range(10):
        await asyncio.sleep(0)
    assert not second.buffer.ended.done()
    second.stop()
    await second.buffer.ended


async def test_kept_open_device_opens_before_first_take(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    await wait_until(lambda: devices.open_now == 1, "it is open")
    assert takes.recorder.device == "desk"
    await takes.whole()
    assert devices.opened == 1
    takes.recorder.choose("desk", keep_open=False)
    await wait_until(lambda: devices.open_now == 0, "it is closed")


async def test_chosen_device_is_used_from_next_take(takes: Takes, devices: FakeDevices) -> None:
    recording = await takes.record()
    takes.recorder.choose("headset", keep_open=True)
    assert takes.level == -20.0
    assert recording.device == "default"
    recording.stop()
    async for _ in recording.buffer.blocks():
        pass
    assert takes.level == LOWEST
    assert (await takes.record()).device == "headset"
    assert devices.opened == 2


async def test_device_chosen_while_another_opens_is_used(takes: Takes, devices: FakeDevices) -> None:
    devices.gate = asyncio.Event()
    takes.recorder.choose("desk", keep_open=True)
    await wait_until(lambda: devices.asked == ["desk"], "it opens")
    takes.recorder.choose("headset", keep_open=True)
    devices.gate.set()
    await wait_until(lambda: devices.asked == ["desk", "headset"], "the chosen one opens")
    assert (await takes.record()).device == "headset"


async def test_late_stop_does_not_end_later_take(takes: Takes, devices: FakeDevices) -> None:
    first = await takes.record("first")
    await takes.record("second")
    first.stop()
    first.stop()
    assert devices.device is not None
    assert not devices.device._stopped.is_set()
    assert [len(block) async for block in first.buffer.blocks()] == [], "the second has begun"
    assert takes.told == ["over first"]
    assert takes.level == -20.0


async def test_device_is_retried_after_failing_to_open(takes: Takes, devices: FakeDevices) -> None:
    devices.failure = MicrophoneRefused("desk", "busy")
    takes.recorder.choose("desk", keep_open=True)
    with pytest.raises(MicrophoneRefused):
        await takes.record()
    devices.failure = None
    assert np.array_equal(await takes.whole(), AUDIO)


async def test_broken_device_is_reopened(takes: Takes, devices: FakeDevices) -> None:
    await takes.whole()
    takes.recorder.close_device()
    await wait_until(lambda: devices.open_now == 0, "it is closed")
    await takes.whole()
    assert devices.opened == 2


async def test_giving_up_recording_releases_device(takes: Takes, devices: FakeDevices) -> None:
    (await takes.record("one")).abandon()
    assert takes.told == ["over one"]
    await wait_until(lambda: devices.open_now == 0, "it is closed")


async def test_cancellation_while_opening_leaves_no_device_open(takes: Takes, devices: FakeDevices) -> None:
    devices.gate = asyncio.Event()
    opening = asyncio.create_task(takes.record())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    devices.gate.set()
    assert np.array_equal(await takes.whole(), AUDIO)
    assert devices.opened == 1


async def test_close_waits_for_the_device_although_its_caller_is_cancelled_repeatedly(
    takes: Takes, devices: FakeDevices
) -> None:
    devices.gate = asyncio.Event()
    opening = asyncio.create_task(takes.record())
    await asyncio.sleep(0)
    closing = asyncio.create_task(takes.recorder.close())
    for _ in range(3):
        await asyncio.sleep(0)
        closing.cancel()
    devices.gate.set()
    await opening
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert devices.opened == 1 and devices.open_now == 0


async def test_trial_recording_yields_to_takes(takes: Takes, devices: FakeDevices) -> None:
    trial = await takes.recorder.record_trial(lambda: takes.told.append("over"))
    assert trial is not None
    assert await takes.recorder.record_trial(lambda: None) is None
    assert np.array_equal(await takes.whole("take"), AUDIO)
    assert trial.superseded
    trial.abandon()
    assert takes.told == ["over", "sounding take", "over take"]
    assert devices.opened == 1


async def test_renew_reopens_kept_open_device(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    await wait_until(lambda: devices.opened == 1, "it is open")
    takes.recorder.renew()
    await wait_until(lambda: devices.opened == 2 and devices.open_now == 1, "it is another one")
    await takes.whole()
    assert devices.opened == 2


async def test_renew_waits_for_end_of_recording(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    recording = await takes.record()
    takes.recorder.renew()
    recording.stop()
    assert devices.opened == 1
    assert [len(block) async for block in recording.buffer.blocks()] == []
    await wait_until(lambda: devices.opened == 2 and devices.open_now == 1, "it is another one")


async def test_take_after_renew_uses_reopened_device(takes: Takes, devices: FakeDevices) -> None:
    await takes.whole("one")
    takes.recorder.renew()
    assert np.array_equal(await takes.whole("two"), AUDIO)
    assert devices.opened == 2


async def test_device_plugged_in_later_is_kept_open(devices: FakeDevices) -> None:
    devices.failure = MicrophoneRefused("desk", "not there")
    async with Recorder(devices, nothing, retry_s=0.01) as recorder:
        recorder.choose("desk", keep_open=True)
        await asyncio.sleep(0)
        devices.failure = None
        await wait_until(lambda: devices.open_now == 1, "it is open")
        assert recorder.device == "desk"
    assert devices.open_now == 0
