"""The microphone on a simulated sound system: order, endings, losses, and reports to the user."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.capture import microphone as module
from app.capture.devices import Input
from app.capture.errors import MicrophoneError, MicrophoneNotFound, MicrophoneRefused, NoMicrophone
from app.capture.fallback import FallbackTimes
from app.capture.microphone import (
    Microphone,
    MicrophoneChange,
    MicrophoneChangeKind,
    MicrophoneSettings,
    open_microphone,
)
from speech.level import FLOOR_DBFS
from tests.app.capture.sounds import BUILT_IN, HEADSET, FakeSoundSystem
from tests.helpers.waiting import wait_until

FAST = MicrophoneSettings(timing=FallbackTimes(silent=60.0, first_block=0.2, search=0.0, check=0.0, pause=0.0))
GREETING = 1600  # samples of silence that each simulated device delivers first


@pytest.fixture
def system() -> FakeSoundSystem:
    return FakeSoundSystem(BUILT_IN, HEADSET)


def numbers(start: int, stop: int) -> NDArray[np.float32]:
    """Return samples whose 16-bit values are ``start`` to ``stop``."""
    return (np.arange(start, stop) / 32768).astype(np.float32)


async def read(blocks: AsyncIterator[NDArray[np.int16]], samples: int) -> NDArray[np.int16]:
    """Read at least ``samples`` samples."""
    heard = np.empty(0, np.int16)
    async with asyncio.timeout(30):
        while len(heard) < samples:
            heard = np.concatenate([heard, await anext(blocks)])
    return heard


async def rest(blocks: AsyncIterator[NDArray[np.int16]]) -> NDArray[np.int16]:
    async with asyncio.timeout(30):
        return np.concatenate([np.empty(0, np.int16), *[block async for block in blocks]])


async def test_recording_contains_all_samples_before_the_stop(system: FakeSoundSystem) -> None:
    async with open_microphone("headset", FAST, system=system) as microphone:
        assert microphone.device == "headset"
        blocks = microphone.buffer.blocks()
        for at in range(0, 10_000, 1000):
            system.stream.say(numbers(at, at + 1000))
        heard = await read(blocks, 5000)
        microphone.stop()
        system.stream.say(numbers(10_000, 10_100))
        microphone.stop()
        heard = np.concatenate([heard, await rest(blocks)])
    assert heard[GREETING:].tolist() == list(range(10_100))
    assert (microphone.lost_samples, microphone.overflows, system.stream.closed) == (0, 0, 1)


async def test_recording_contains_the_tail_of_the_resampler(system: FakeSoundSystem) -> None:
    async with open_microphone("", FAST, system=system) as microphone:
        system.stream.say(np.full(48_000, 0.5, np.float32))
        microphone.stop()
        heard = await rest(microphone.buffer.blocks())
    assert len(heard) == GREETING + 16_000
    assert microphone.level_dbfs == pytest.approx(-6.02, abs=0.1)


async def test_stop_waits_for_audio_still_in_the_device(system: FakeSoundSystem) -> None:
    system.latency_s = 60.0  # the wait is capped, whatever latency a device reports
    async with open_microphone("headset", FAST, system=system) as microphone:
        microphone.stop()
        for _ in range(5):
            await asyncio.sleep(0)
        system.stream.say(numbers(0, 100))
        assert len(await rest(microphone.buffer.blocks())) == GREETING + 100


async def test_time_since_the_key_was_released_counts_as_waiting(system: FakeSoundSystem) -> None:
    system.latency_s = 0.03
    async with open_microphone("headset", FAST, system=system) as microphone:
        microphone.stop(late_s=0.03)
        for _ in range(5):
            await asyncio.sleep(0)
        assert microphone.buffer.ended.done()


async def test_busy_computer_waits_for_sound_after_a_key_that_comes_late(system: FakeSoundSystem) -> None:
    system.latency_s = 60.0
    async with open_microphone("headset", FAST, system=system) as microphone:
        microphone.stop(late_s=30.0)
        for _ in range(5):
            await asyncio.sleep(0)
        system.stream.say(numbers(0, 100))
        assert len(await rest(microphone.buffer.blocks())) == GREETING + 100


async def test_last_samples_of_a_lost_device_are_kept(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChange] = []
    async with open_microphone("", FAST, on_change=received.append, system=system) as microphone:
        system.stream.say(np.full(48_000, 0.5, np.float32))
        system.take(BUILT_IN)
        await wait_until(lambda: received, "it is lost")
        microphone.stop()
        assert len(await rest(microphone.buffer.blocks())) == received[0].at == GREETING + 16_000


async def test_leaving_the_context_ends_the_recording(system: FakeSoundSystem) -> None:
    async with open_microphone("headset", FAST, system=system) as microphone:
        blocks = microphone.buffer.blocks()
        system.stream.say(numbers(0, 500))
    assert len(await rest(blocks)) == GREETING + 500


async def test_armed_recording_begins_with_the_half_second_before_the_start(system: FakeSoundSystem) -> None:
    async with open_microphone("headset", FAST, armed=True, system=system) as microphone:
        system.stream.say(numbers(0, 20_000))
        await wait_until(lambda: microphone.level_dbfs > -50, "it has been heard")
        microphone.start()
        system.stream.say(numbers(20_000, 20_010))
        microphone.stop()
        first = await rest(microphone.buffer.blocks())
        system.stream.say(numbers(100, 300))
        microphone.start()
        microphone.stop()
        second = await rest(microphone.buffer.blocks())
    assert first.tolist() == list(range(12_000, 20_010))
    assert second.tolist() == list(range(100, 300))


async def test_armed_microphone_comes_back_when_lost_between_recordings(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChangeKind] = []
    async with open_microphone(
        "", FAST, armed=True, on_change=lambda change: received.append(change.change), system=system
    ) as microphone:
        system.take(BUILT_IN)
        await wait_until(lambda: received == [MicrophoneChangeKind.LOST], "it is lost")
        system.devices.append(BUILT_IN)
        await wait_until(
            lambda: received == [MicrophoneChangeKind.LOST, MicrophoneChangeKind.CAME_BACK], "it is back"
        )
        system.stream.say(np.full(9_600, 0.5, np.float32))
        microphone.start()
        microphone.stop()
        assert np.abs(await rest(microphone.buffer.blocks())).max() > 10_000, "with what was just before"


async def test_start_right_after_a_stop_neither_loses_nor_repeats_samples(system: FakeSoundSystem) -> None:
    async with open_microphone("headset", FAST, armed=True, system=system) as microphone:
        microphone.start()
        first = microphone.buffer.blocks()
        system.stream.say(numbers(0, 1000))
        microphone.stop()
        system.stream.say(numbers(1000, 1100))
        microphone.start()
        system.stream.say(numbers(1100, 1200))
        microphone.stop()
        heard = np.concatenate([await rest(first), await rest(microphone.buffer.blocks())])
    assert heard[GREETING:].tolist() == list(range(1200))


async def test_overflows_are_counted_across_devices(system: FakeSoundSystem) -> None:
    async with open_microphone("headset", FAST, system=system) as microphone:
        system.stream.say(numbers(0, 100), overflowed=True)
        system.stream.say(numbers(0, 100), overflowed=True)
        assert microphone.overflows == 2
        system.take(HEADSET)
        await wait_until(lambda: microphone.device == "built-in", "it falls back")
        assert microphone.overflows == 2


async def test_samples_lost_by_a_stalled_program_are_reported(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChange] = []
    settings = MicrophoneSettings(most_waiting_s=1.0, timing=FAST.timing)
    async with open_microphone("headset", settings, on_change=received.append, system=system) as microphone:
        blocks = microphone.buffer.blocks()
        await read(blocks, GREETING)
        for at in range(0, 20_000, 1000):  # the loop does not run here
            system.stream.say(numbers(at, at + 1000))
        heard = await read(blocks, 16_000)
        system.stream.say(numbers(0, 100))
        microphone.stop()
        assert len(await rest(blocks)) == 100
    assert heard.tolist() == list(range(16_000))
    assert received == [MicrophoneChange(MicrophoneChangeKind.DROPPED, "headset", received[0].at, 4000)]
    assert microphone.lost_samples == 4000


async def test_lost_device_is_replaced_and_reported(system: FakeSoundSystem) -> None:
    """The last samples before the loss are kept."""
    received: list[MicrophoneChange] = []
    async with open_microphone("headset", FAST, on_change=received.append, system=system) as microphone:
        system.stream.say(numbers(0, 5000))
        system.take(HEADSET)
        await wait_until(lambda: len(received) == 2, "another one is heard")
        microphone.stop()
        heard = await rest(microphone.buffer.blocks())
    assert [(change.change, change.device) for change in received] == [
        (MicrophoneChangeKind.LOST, "headset"),
        (MicrophoneChangeKind.FELL_BACK, "built-in"),
    ]
    assert heard[GREETING : GREETING + 5000].tolist() == list(range(5000))
    assert received[0].at == received[1].at == GREETING + 5000
    assert microphone.lost_samples == received[1].lost_samples


async def test_lost_device_has_no_level() -> None:
    """The last level of a lost device would look as if it still delivered sound."""
    received: list[MicrophoneChange] = []
    alone = FakeSoundSystem(HEADSET)
    async with open_microphone("headset", FAST, on_change=received.append, system=alone) as microphone:
        alone.stream.say(numbers(0, 5000))
        await wait_until(lambda: microphone.level_dbfs > FLOOR_DBFS, "it is heard")
        alone.take(HEADSET)
        await wait_until(lambda: received, "it is lost")
        assert microphone.level_dbfs == FLOOR_DBFS


async def test_device_is_kept_when_process_stood_still(
    system: FakeSoundSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing the device would lose the audio that it recorded while the process was suspended."""
    monkeypatch.setattr(module, "_STANDSTILL_S", 0.03)
    received: list[MicrophoneChange] = []
    settings = MicrophoneSettings(timing=replace(FAST.timing, silent=0.05), watch_s=0.01)
    async with open_microphone("headset", settings, on_change=received.append, system=system) as microphone:
        await asyncio.sleep(0)
        stand_still(0.1)
        for _ in range(30):  # the watch judges before a thread has read anything
            await asyncio.sleep(0)
        system.stream.say(numbers(0, 5000))
        microphone.stop()
        heard = await rest(microphone.buffer.blocks())
    assert heard[GREETING : GREETING + 5000].tolist() == list(range(5000))
    assert received == []


async def test_samples_that_the_sound_system_did_not_keep_during_a_standstill_are_reported(
    system: FakeSoundSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STANDSTILL_S", 0.2)
    monkeypatch.setattr(module, "_CATCH_UP_S", 0.02)
    received: list[MicrophoneChange] = []
    settings = replace(FAST, watch_s=0.01)
    async with open_microphone("headset", settings, on_change=received.append, system=system) as microphone:
        await wait_until(lambda: microphone._behind_s is not None, "it is known how late the device is")
        stand_still(0.6)
        await wait_until(lambda: received, "the loss is reported")
        assert microphone.lost_samples == received[0].lost_samples >= 0.25 * 16_000
    assert [change.change for change in received] == [MicrophoneChangeKind.DROPPED]


def stand_still(seconds: float) -> None:
    """Block the event loop."""
    time.sleep(seconds)


async def test_recording_waits_without_limit_when_no_microphone_is_left(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChange] = []
    async with open_microphone("", FAST, on_change=received.append, system=system) as microphone:
        system.take(BUILT_IN)
        await wait_until(lambda: received, "it is lost")
        system.failure = MicrophoneError("for a moment there is not even a sound system")
        await asyncio.sleep(0)
        system.failure = None
        system.devices.append(BUILT_IN)
        await wait_until(lambda: len(received) == 2, "it is back")
        assert received[1].change is MicrophoneChangeKind.CAME_BACK
        system.stream.say(np.full(4800, 0.5, np.float32))
        microphone.stop()
        assert np.abs(await rest(microphone.buffer.blocks())).max() > 10_000
    assert microphone.lost_samples == received[1].lost_samples


async def test_recording_counts_missed_samples_when_it_ends_without_a_device(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChange] = []
    async with open_microphone("", FAST, on_change=received.append, system=system) as microphone:
        system.take(BUILT_IN)
        await wait_until(lambda: received, "it is lost")
        microphone.stop()
        await rest(microphone.buffer.blocks())
        assert microphone.lost_samples > 0


async def test_chosen_microphone_is_used_again_when_it_returns(
    system: FakeSoundSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "list_microphones", system.inputs)
    received: list[MicrophoneChange] = []
    async with open_microphone("headset", FAST, on_change=received.append, system=system) as microphone:
        system.take(HEADSET)
        await wait_until(lambda: microphone.device == "built-in", "it falls back")
        system.devices.append(HEADSET)
        await wait_until(lambda: microphone.device == "headset", "it comes back")
        await wait_until(lambda: len(received) == 3, "it is heard")
    assert [change.change for change in received] == [
        MicrophoneChangeKind.LOST,
        MicrophoneChangeKind.FELL_BACK,
        MicrophoneChangeKind.CAME_BACK,
    ]
    assert [stream.closed for stream in system.streams] == [1, 1, 1]


async def test_other_default_of_the_system_is_reported_as_another_microphone(
    system: FakeSoundSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "list_microphones", system.inputs)
    received: list[MicrophoneChange] = []
    async with open_microphone("", FAST, on_change=received.append, system=system):
        system.take(BUILT_IN)
        system.devices[:] = [replace(HEADSET, default=True)]
        await wait_until(lambda: len(received) == 2, "another one is heard")
    assert [(change.change, change.device) for change in received] == [
        (MicrophoneChangeKind.LOST, "built-in"),
        (MicrophoneChangeKind.FELL_BACK, "headset"),
    ]


@pytest.mark.parametrize(
    ("choice", "refusing", "mute", "devices", "error"),
    [
        ("", (), (), (), NoMicrophone),
        ("webcam", (), (), (BUILT_IN, HEADSET), MicrophoneNotFound),
        ("headset", (HEADSET,), (), (BUILT_IN, HEADSET), MicrophoneRefused),
        ("headset", (), (HEADSET,), (BUILT_IN, HEADSET), MicrophoneRefused),
    ],
)
async def test_open_does_not_fall_back_to_another_microphone(
    choice: str,
    refusing: Sequence[Input],
    mute: Sequence[Input],
    devices: Sequence[Input],
    error: type[MicrophoneError],
) -> None:
    system = FakeSoundSystem(*devices)
    system.refusing, system.mute = set(refusing), set(mute)
    with pytest.raises(error):
        async with open_microphone(choice, FAST, system=system):
            pytest.fail("it is open")
    assert all(stream.closed for stream in system.streams)


async def test_reader_gets_the_error_when_the_device_watch_fails(system: FakeSoundSystem) -> None:
    def fail(change: MicrophoneChange) -> None:
        raise ValueError("the display is broken")

    microphone = Microphone("headset", FAST, system, fail)
    microphone.start()
    await microphone.open()
    system.stream.say(numbers(0, 500))
    system.take(HEADSET)
    with pytest.raises(ValueError, match="the display is broken"):
        await rest(microphone.buffer.blocks())
    await microphone.close()
    await microphone.close()
    assert system.stream.closed
