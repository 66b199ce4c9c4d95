"""One device for all takes: opened when it is needed, kept as wished, never two at once."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from app.capture.errors import MicrophoneRefused
from app.capture.microphone import MicrophoneChange
from app.pipeline import Samples
from app.recorder import Recorder, Recording
from tests.app.dictating_world import FakeDevices
from tests.helpers.waiting import wait_until

LOWEST = -100.0
AUDIO = np.arange(3000, dtype=np.int16)


class Takes:
    """A recorder and what it told."""

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
        async for block in recording.blocks():
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


async def test_a_device_is_opened_for_a_take_and_closed_some_time_after_it(
    takes: Takes, devices: FakeDevices
) -> None:
    assert np.array_equal(await takes.whole("one"), AUDIO)
    assert np.array_equal(await takes.whole("two"), AUDIO)
    assert takes.told == ["sounding one", "over one", "sounding two", "over two"]
    assert devices.opened == 1
    await wait_until(lambda: devices.open_now == 0, "it is closed")
    await takes.whole("three")
    assert devices.opened == 2


async def test_one_that_is_kept_open_is_open_before_the_first_take(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    await wait_until(lambda: devices.open_now == 1, "it is open")
    assert takes.recorder.device == "desk"
    await takes.whole()
    assert devices.opened == 1
    takes.recorder.choose("desk", keep_open=False)
    await wait_until(lambda: devices.open_now == 0, "it is closed")


async def test_another_device_from_the_next_take_on(takes: Takes, devices: FakeDevices) -> None:
    recording = await takes.record()
    takes.recorder.choose("headset", keep_open=True)
    assert takes.level == -20.0
    assert recording.device == "default"
    recording.stop()
    async for _ in recording.blocks():
        pass
    assert takes.level == LOWEST
    assert (await takes.record()).device == "headset"
    assert devices.opened == 2


async def test_a_stop_that_comes_late_stops_no_later_take(takes: Takes, devices: FakeDevices) -> None:
    first = await takes.record("first")
    await takes.record("second")
    first.stop()
    first.stop()
    assert devices.device is not None
    assert not devices.device._stopped.is_set()
    assert [len(block) async for block in first.blocks()] == [], "the second has begun"
    assert takes.told == ["over first"]
    assert takes.level == -20.0


async def test_one_that_cannot_be_opened_may_be_tried_again(takes: Takes, devices: FakeDevices) -> None:
    devices.failure = MicrophoneRefused("desk", "busy")
    takes.recorder.choose("desk", keep_open=True)
    with pytest.raises(MicrophoneRefused):
        await takes.record()
    devices.failure = None
    assert np.array_equal(await takes.whole(), AUDIO)


async def test_one_that_failed_is_opened_anew(takes: Takes, devices: FakeDevices) -> None:
    await takes.whole()
    takes.recorder.broken()
    await wait_until(lambda: devices.open_now == 0, "it is closed")
    await takes.whole()
    assert devices.opened == 2


async def test_whoever_gives_up_lets_the_device_go(takes: Takes, devices: FakeDevices) -> None:
    (await takes.record("one")).give_up()
    assert takes.told == ["over one"]
    await wait_until(lambda: devices.open_now == 0, "it is closed")


async def test_whoever_is_cancelled_while_it_opens_leaves_nothing_open(takes: Takes, devices: FakeDevices) -> None:
    devices.gate = asyncio.Event()
    opening = asyncio.create_task(takes.record())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    devices.gate.set()
    assert np.array_equal(await takes.whole(), AUDIO)
    assert devices.opened == 1


async def test_who_only_attends_interrupts_no_take_and_a_take_ends_it(takes: Takes, devices: FakeDevices) -> None:
    attended = await takes.recorder.attend(lambda: takes.told.append("over"))
    assert attended is not None
    assert await takes.recorder.attend(lambda: None) is None
    assert np.array_equal(await takes.whole("take"), AUDIO)
    assert attended.superseded
    attended.give_up()
    assert takes.told == ["sounding take", "over take", "over"]
    assert devices.opened == 1


async def test_one_that_is_kept_open_is_opened_anew_after_a_sleep(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    await wait_until(lambda: devices.opened == 1, "it is open")
    takes.recorder.renew()
    await wait_until(lambda: devices.opened == 2 and devices.open_now == 1, "it is another one")
    await takes.whole()
    assert devices.opened == 2


async def test_what_is_recorded_comes_to_its_end_first(takes: Takes, devices: FakeDevices) -> None:
    takes.recorder.choose("desk", keep_open=True)
    recording = await takes.record()
    takes.recorder.renew()
    recording.stop()
    assert devices.opened == 1
    assert [len(block) async for block in recording.blocks()] == []
    await wait_until(lambda: devices.opened == 2 and devices.open_now == 1, "it is another one")


async def test_a_take_that_begins_meanwhile_has_the_new_one(takes: Takes, devices: FakeDevices) -> None:
    await takes.whole("one")
    takes.recorder.renew()
    assert np.array_equal(await takes.whole("two"), AUDIO)
    assert devices.opened == 2


async def test_one_that_is_plugged_in_later_is_kept_open_too(devices: FakeDevices) -> None:
    devices.failure = MicrophoneRefused("desk", "not there")
    async with Recorder(devices, nothing, again_s=0.01) as recorder:
        recorder.choose("desk", keep_open=True)
        await asyncio.sleep(0)
        devices.failure = None
        await wait_until(lambda: devices.open_now == 1, "it is open")
        assert recorder.device == "desk"
    assert devices.open_now == 0
