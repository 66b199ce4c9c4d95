"""Conversion of one device's blocks to 16 kHz samples, without loss at the end."""

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest

from app.capture.devices import Input
from app.capture.resampled_input import ResampledInput
from speech.resampling import Resampler
from tests.app.capture.sounds import FakeSoundSystem
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (48_000, 1), (48_000, 2), (96_000, 8)])
async def test_audio_of_any_device_is_converted_to_16_khz(rate: int, channels: int) -> None:
    device = Input(0, "any", "fake", channels, rate)
    system, woken = FakeSoundSystem(device), asyncio.Event()
    hearing = ResampledInput(device, woken.set, 60.0)
    await hearing.open(system)
    said = np.random.default_rng(1).uniform(-0.5, 0.5, rate).astype(np.float32)
    for at in range(0, rate, rate // 50):
        system.stream.say(said[at : at + rate // 50])
    await wait_until(woken.is_set, "the loop is woken")
    heard = np.concatenate([hearing.take(), hearing.take(last=True)])
    whole = Resampler(rate)
    silence = np.zeros(rate // 10, np.float32)  # the first block of every simulated device
    expected = np.concatenate([whole.accept(np.concatenate([silence, said])), whole.finish()])
    assert len(heard) == len(expected) == pytest.approx(16_000 * 1.1, abs=2)
    assert np.abs(heard.astype(np.int32) - expected).max() <= 1
    assert hearing.last_block_s is not None
    await hearing.close()


async def test_device_keeps_delivering_after_a_flush() -> None:
    device = Input(0, "any", "fake", 1, 48_000)
    system = FakeSoundSystem(device)
    hearing = ResampledInput(device, lambda: None, 60.0)
    await hearing.open(system)
    hearing.take(last=True)
    for _ in range(2):
        system.stream.say(np.full(4800, 0.25, np.float32))
        assert len(hearing.take(last=True)) == 1600
    assert len(hearing.take(last=True)) == 0
    await hearing.close()
    await hearing.close()


async def test_dropped_audio_is_counted_in_16_khz_samples() -> None:
    device = Input(0, "any", "fake", 2, 48_000)
    system = FakeSoundSystem(device)
    hearing = ResampledInput(device, lambda: None, most_waiting_s=1.0)
    await hearing.open(system)
    hearing.take()
    for _ in range(3):
        system.stream.say(np.zeros(24_000, np.float32), overflowed=True)
    assert (hearing.dropped, hearing.overflows) == (8000, 3)
    assert len(hearing.take(last=True)) == pytest.approx(16_000, abs=200)


async def test_device_has_no_samples_before_it_is_open() -> None:
    hearing = ResampledInput(Input(0, "any", "fake", 1, 48_000), lambda: None, 60.0)
    assert (len(hearing.take()), len(hearing.take(last=True)), hearing.last_block_s) == (0, 0, None)
    await hearing.close()


def test_device_callbacks_are_harmless_after_the_loop_has_closed() -> None:
    device = Input(0, "any", "fake", 1, 48_000)
    system = FakeSoundSystem(device)

    async def main() -> None:
        hearing = ResampledInput(device, lambda: None, 60.0)
        await hearing.open(system)
        hearing.take()  # the next block wakes the loop again

    asyncio.run(main())
    system.stream.say(np.zeros(480, np.float32))
    system.stream.end()


async def opened(wake: Callable[[], None], most: int) -> ResampledInput:
    """Open a silent device of 16 kHz whose queue holds ``most`` frames."""
    device = Input(0, "any", "fake", 1, 16_000)
    system = FakeSoundSystem(device)
    system.mute.add(device)
    hearing = ResampledInput(device, wake, most / 16_000)
    await hearing.open(system)
    return hearing


def block(*samples: int) -> bytes:
    return (np.array(samples, np.float32) / 32_768).tobytes()


async def test_blocks_arrive_in_order_and_only_the_first_one_wakes() -> None:
    woken: list[int] = []
    hearing = await opened(lambda: woken.append(1), most=100)
    await asyncio.sleep(0)
    woken.clear()
    for _ in range(2):
        hearing.put(block(1, 2), 2, False)
        hearing.put(block(3), 1, False)
        await asyncio.sleep(0)
        assert (hearing.take().tolist(), len(woken)) == ([1, 2, 3], 1)
        woken.clear()
    assert hearing.take().tolist() == []
    assert (
        hearing.first_s is not None
        and hearing.last_block_s is not None
        and hearing.first_s <= hearing.last_block_s
    )


async def test_full_queue_keeps_older_blocks_and_counts_dropped_ones() -> None:
    hearing = await opened(lambda: None, most=3)
    for samples in ((1,), (2, 3), (4,), (5,)):
        hearing.put(block(*samples), len(samples), overflowed=len(samples) == 1)
    assert (hearing.take().tolist(), hearing.dropped, hearing.overflows) == ([1, 2, 3], 2, 3)
    hearing.put(block(6, 7, 8), 3, False)
    assert (hearing.take().tolist(), hearing.dropped) == ([6, 7, 8], 2)


async def test_reader_gets_every_block_of_the_writer_thread() -> None:
    """A reader that sleeps until it is woken gets every block, and never sleeps forever."""
    woken = asyncio.Event()
    hearing = await opened(woken.set, most=1_000_000)
    said = list(range(20_000))
    blocks = [block(number) for number in said]

    def put() -> None:
        for each in blocks:
            hearing.put(each, 1, False)

    writer = threading.Thread(target=put)
    writer.start()
    taken: list[int] = []
    while len(taken) < len(said):
        async with asyncio.timeout(30):
            await woken.wait()
        woken.clear()
        taken += hearing.take().tolist()
    writer.join()
    assert (taken, hearing.dropped) == (said, 0)


async def test_resting_input_wakes_the_loop_once_a_second_and_loses_nothing() -> None:
    device = Input(0, "any", "fake", 1, 16_000)
    system, woken = FakeSoundSystem(device), list[int]()
    hearing = ResampledInput(device, lambda: woken.append(len(hearing.take())), 60.0)
    await hearing.open(system)
    await wait_until(lambda: len(woken) == 1, "the first block wakes the loop")
    hearing.rest(resting=True)
    assert system.stream.resting
    for _ in range(49):
        system.stream.say(np.zeros(320, np.float32))
    await asyncio.sleep(0)
    assert len(woken) == 1
    system.stream.say(np.zeros(320, np.float32))
    await wait_until(lambda: woken[1:] == [16_000], "a second of audio wakes the loop")
    hearing.rest(resting=False)
    system.stream.say(np.zeros(320, np.float32))
    await wait_until(lambda: woken[2:] == [320], "an input that does not rest wakes the loop at once")
