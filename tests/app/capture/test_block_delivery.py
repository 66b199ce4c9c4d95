"""Delivery of audio to a recording: in order, once, bounded."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.capture.block_delivery import BlockDelivery, _Ring

PRE_ROLL = 8000
MOST = 16_000 * 60


def counting(start: int, stop: int) -> NDArray[np.int16]:
    return np.arange(start, stop).astype(np.int16)


async def all_of(delivery: BlockDelivery) -> NDArray[np.int16]:
    return np.concatenate([np.empty(0, np.int16), *[block async for block in delivery.blocks()]])


@given(st.lists(st.integers(0, 4000), max_size=20), st.lists(st.integers(0, 4000), max_size=20))
def test_recording_contains_pre_roll_then_all_later_samples(before: list[int], during: list[int]) -> None:
    async def main() -> None:
        delivery, at = BlockDelivery(PRE_ROLL, MOST), 0
        for number, size in enumerate([*before, *during]):
            if number == len(before):
                delivery.start()
            delivery.hear(counting(at, at + size))
            at += size
        if not during:
            delivery.start()
        delivery.finish()
        first = max(0, sum(before) - PRE_ROLL)
        assert np.array_equal(await all_of(delivery), counting(first, at))
        assert (delivery.lost, delivery.handed_over) == (0, at - first)

    asyncio.run(main())


async def test_sample_belongs_to_at_most_one_recording() -> None:
    delivery = BlockDelivery(PRE_ROLL, MOST)
    delivery.start()
    delivery.hear(counting(0, 5000))
    delivery.finish()
    delivery.hear(counting(5000, 5100))
    first = await all_of(delivery)
    delivery.start()
    delivery.finish()
    assert (len(first), (await all_of(delivery)).tolist()) == (5000, list(range(5000, 5100)))


async def test_blocks_are_10_to_60_ms() -> None:
    delivery = BlockDelivery(PRE_ROLL, MOST)
    delivery.start()
    sizes: list[int] = []

    async def read() -> None:
        sizes.extend([len(block) async for block in delivery.blocks()])

    reader = asyncio.create_task(read())
    for size in (10, 100, 49, 1, 5000, 3):
        delivery.hear(counting(0, size))
        await asyncio.sleep(0)
    delivery.finish()
    await reader
    assert sum(sizes) == 5163
    assert all(160 <= size <= 960 for size in sizes[:-1])


async def test_newest_samples_are_dropped_and_counted_when_the_reader_is_slow() -> None:
    delivery = BlockDelivery(PRE_ROLL, 1000)
    delivery.start()
    for at in range(0, 2000, 400):
        delivery.hear(counting(at, at + 400))
    delivery.finish()
    assert (await all_of(delivery)).tolist() == list(range(800))
    assert delivery.lost == 1200


async def test_large_block_is_kept_as_far_as_it_fits() -> None:
    delivery = BlockDelivery(PRE_ROLL, 10_000)
    delivery.start()
    delivery.hear(counting(0, 20_000))
    delivery.finish()
    kept = await all_of(delivery)
    assert len(kept) > 9000
    assert np.array_equal(kept, counting(0, len(kept)))
    assert len(kept) + delivery.lost == 20_000


async def test_reader_gets_all_samples_before_the_error() -> None:
    delivery = BlockDelivery(PRE_ROLL, MOST)
    delivery.start()
    delivery.hear(counting(0, 500))
    delivery.fail(ValueError("broken"))
    blocks = delivery.blocks()
    assert len(await anext(blocks)) == 500
    with pytest.raises(ValueError, match="broken"):
        await anext(blocks)


async def test_blocks_are_refused_before_the_start() -> None:
    delivery = BlockDelivery(PRE_ROLL, MOST)
    delivery.finish()
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        delivery.blocks()


@given(st.integers(0, 50), st.lists(st.one_of(st.none(), st.integers(0, 120)), max_size=30))
def test_ring_keeps_the_newest_samples_and_returns_each_once(size: int, steps: list[int | None]) -> None:
    """A number adds that many samples; ``None`` drains the ring."""
    ring, model, count = _Ring(size), list[int](), 0
    for step in [*steps, None]:
        if step is None:
            assert ring.drain().tolist() == model
            model = []
        else:
            ring.add(np.arange(count, count + step, dtype=np.int16))
            model = (model + list(range(count, count + step)))[-size:] if size else []
            count += step


def test_ring_stays_bounded() -> None:
    ring = _Ring(100)
    for _ in range(1000):
        ring.add(np.zeros(30, np.int16))
    assert len(ring._blocks) <= 5
    for _ in range(1000):
        ring.add(np.empty(0, np.int16))
    assert len(ring._blocks) <= 5
