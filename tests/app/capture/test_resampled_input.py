"""Conversion of one device's blocks to 16 kHz samples, without loss at the end."""

import asyncio
import threading

import numpy as np
import pytest

from app.capture.devices import Input
from app.capture.resampled_input import FLOOR_DBFS, BlockHandover, ResampledInput, level_dbfs
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
    heard = np.concatenate([hearing.take(), hearing.flush()])
    whole = Resampler(rate)
    silence = np.zeros(rate // 10, np.float32)  # the first block of every simulated device
    expected = np.concatenate([whole.accept(np.concatenate([silence, said])), whole.finish()])
    assert len(heard) == len(expected) == pytest.approx(16_000 * 1.1, abs=2)
    assert np.abs(heard.astype(np.int32) - expected).max() <= 1
    assert hearing.heard_s is not None
    await hearing.close()


async def test_device_keeps_delivering_after_a_flush() -> None:
    device = Input(0, "any", "fake", 1, 48_000)
    system = FakeSoundSystem(device)
    hearing = ResampledInput(device, lambda: None, 60.0)
    await hearing.open(system)
    hearing.flush()
    for _ in range(2):
        system.stream.say(np.full(4800, 0.25, np.float32))
        assert len(hearing.flush()) == 1600
    assert len(hearing.flush()) == 0
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
    assert len(hearing.flush()) == pytest.approx(16_000, abs=200)


async def test_device_has_no_samples_before_it_is_open() -> None:
    hearing = ResampledInput(Input(0, "any", "fake", 1, 48_000), lambda: None, 60.0)
    assert (len(hearing.take()), len(hearing.flush()), hearing.heard_s) == (0, 0, None)
    await hearing.close()


def test_device_callbacks_are_harmless_after_the_loop_has_closed() -> None:
    device = Input(0, "any", "fake", 1, 48_000)
    system = FakeSoundSystem(device)

    async def main() -> None:
        await ResampledInput(device, lambda: None, 60.0).open(system)

    asyncio.run(main())
    system.stream.say(np.zeros(480, np.float32))
    system.stream.end()


@pytest.mark.parametrize(
    ("value", "level"), [(0, FLOOR_DBFS), (32767, 0.0), (16384, -6.02), (328, -40.0), (-32768, 0.0)]
)
def test_level_is_relative_to_full_scale(value: int, level: float) -> None:
    assert level_dbfs(np.full(160, value, np.int16)) == pytest.approx(level, abs=0.02)
    assert level_dbfs(np.empty(0, np.int16)) == FLOOR_DBFS


def test_blocks_arrive_in_order_and_only_the_first_one_wakes() -> None:
    woken: list[int] = []
    handover = BlockHandover(lambda: woken.append(1), most=100, clock=lambda: 7.0)
    handover.put(b"ab", 1, False)
    handover.put(b"cd", 1, False)
    assert (handover.take(), len(woken), handover.heard_s) == (b"abcd", 1, 7.0)
    handover.put(b"ef", 1, False)
    assert (handover.take(), len(woken), handover.take()) == (b"ef", 2, b"")


def test_sound_system_overflows_are_counted() -> None:
    handover = BlockHandover(lambda: None, most=100)
    for overflowed in (False, True, True):
        handover.put(b"", 0, overflowed)
    assert handover.overflows == 2


def test_full_queue_keeps_older_blocks_and_counts_dropped_ones() -> None:
    handover = BlockHandover(lambda: None, most=3)
    for block in (b"a", b"bb", b"c", b"d"):
        handover.put(block, len(block), False)
    assert (handover.take(), handover.dropped) == (b"abb", 2)
    handover.put(b"eee", 3, False)
    assert (handover.take(), handover.dropped) == (b"eee", 2)


def test_reader_thread_gets_every_block_of_the_writer_thread() -> None:
    """A reader that sleeps until it is woken gets every block, and never sleeps forever."""
    woken = threading.Event()
    handover = BlockHandover(woken.set, most=1_000_000)
    blocks = [bytes([number % 256]) for number in range(20_000)]

    def put() -> None:
        for block in blocks:
            handover.put(block, 1, False)

    writer = threading.Thread(target=put)
    writer.start()
    taken = b""
    while len(taken) < len(blocks):
        assert woken.wait(30), "the reader was not woken"
        woken.clear()
        taken += handover.take()
    writer.join()
    assert taken == b"".join(blocks)
    assert handover.dropped == 0
