"""All recorded audio comes out once and in order, even with a slow reader; memory stays bounded."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.capture.block_buffer import BlockBuffer, PreRoll, Samples
from app.capture.errors import MicrophoneError, MicrophoneRefused
from app.journal.disk import AUDIO
from app.journal.errors import NotKept
from app.journal.journal import Journal
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from tests.app.journal.files import FaultyFile, opened_in, tone
from tests.helpers.examples import examples

ID = UUID(int=3)


async def all_of(buffer: BlockBuffer) -> Samples:
    return np.concatenate([np.empty(0, np.int16), *[block async for block in buffer.blocks()]])


def speak(buffer: BlockBuffer, sizes: Sequence[int], at: int = 0) -> int:
    """Add blocks of these sizes. Return how many samples were lost."""
    lost = 0
    for size in sizes:
        lost += buffer.append(tone(at, size))
        at += size
    return lost


SIZES = st.lists(st.integers(0, 2_000), max_size=20)


@given(SIZES, SIZES, st.lists(st.integers(0, 5), min_size=1), st.integers(0, 5_000))
@settings(max_examples=examples(40))
def test_buffer_gives_every_sample_to_a_reader_of_any_speed(
    tmp_path_factory: pytest.TempPathFactory, before: list[int], during: list[int], pauses: list[int], most: int
) -> None:
    """``before``: sizes of the blocks before there is a journal."""

    async def run(journal: Journal) -> list[Samples]:
        buffer = BlockBuffer(most_recent=most)
        assert speak(buffer, before) == 0
        buffer.keep_in(journal)

        async def play() -> None:
            at = sum(before)
            for size in during:
                buffer.append(tone(at, size))
                assert buffer.in_memory <= most
                at += size
                await asyncio.sleep(0)
            buffer.end()

        playing = asyncio.create_task(play())
        blocks: list[Samples] = []
        async for block in buffer.blocks():
            blocks.append(block)
            for _ in range(pauses[len(blocks) % len(pauses)]):
                await asyncio.sleep(0)
        await playing
        return blocks

    with Journal.create(tmp_path_factory.getbasetemp() / "takes", uuid4(), Options(), 0) as journal:
        blocks = asyncio.run(run(journal))
        whole = tone(0, sum(before) + sum(during))
        assert np.array_equal(np.frombuffer(journal.audio(0, journal.samples), "<i2"), whole)
    assert np.array_equal(np.concatenate([np.empty(0, np.int16), *blocks]), whole)


async def test_journal_gets_only_what_was_not_read_before(tmp_path: Path) -> None:
    buffer = BlockBuffer(most_recent=0)
    speak(buffer, [400, 400])
    blocks = buffer.blocks()
    read = [await anext(blocks)]
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        journal.append(tone(5_000, 100))
        buffer.keep_in(journal)
        speak(buffer, [400], 800)
        buffer.end()
        read += [block async for block in blocks]
        assert np.array_equal(np.concatenate(read), tone(0, 1_200))
        assert journal.samples == 900


async def test_memory_holds_ten_seconds_of_a_kept_recording(tmp_path: Path) -> None:
    buffer = BlockBuffer()
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        buffer.keep_in(journal)
        speak(buffer, [SAMPLE_RATE] * 11)
        assert (buffer.in_memory, journal.samples) == (10 * SAMPLE_RATE, 11 * SAMPLE_RATE)


async def test_reader_gets_all_samples_before_the_error() -> None:
    buffer = BlockBuffer()
    speak(buffer, [100, 200])
    buffer.end(MicrophoneRefused("usb", "unplugged"))
    buffer.end()
    blocks = buffer.blocks()
    assert np.array_equal(await anext(blocks), tone(0, 300))
    with pytest.raises(MicrophoneRefused):
        await anext(blocks)
    assert isinstance(buffer.error, MicrophoneError)
    assert [block async for block in buffer.blocks(raises=False)] == []


@pytest.mark.parametrize("before", [0, 20_000])
async def test_buffer_ends_with_the_recorded_samples_when_the_disk_is_full(tmp_path: Path, before: int) -> None:
    Journal.create(tmp_path, ID, Options(), 0).close()
    files: dict[str, FaultyFile] = {}
    with Journal.reopen(tmp_path, ID, lambda path: opened_in(files, path), SAMPLE_RATE) as journal:
        files[AUDIO].room = 0
        buffer = BlockBuffer(most_recent=0)  # all audio comes from the journal, whose memory holds half a second
        speak(buffer, [before])
        buffer.keep_in(journal)
        if not before:
            assert speak(buffer, [4_000] * 10) == 0, "the error tells of these"
        assert isinstance(buffer.error, NotKept) and buffer.ended.done()
        blocks = [block async for block in buffer.blocks(raises=False)]
        assert np.array_equal(np.concatenate(blocks), tone(0, before or 8_000))
        files[AUDIO].room = None


async def test_blocks_are_10_to_60_ms() -> None:
    buffer, sizes = BlockBuffer(), list[int]()

    async def read() -> None:
        sizes.extend([len(block) async for block in buffer.blocks()])

    reader = asyncio.create_task(read())
    for size in (10, 100, 49, 1, 5_000, 3):
        buffer.append(tone(0, size))
        await asyncio.sleep(0)
    buffer.end()
    await reader
    assert sum(sizes) == 5_163
    assert all(160 <= size <= 960 for size in sizes[:-1])


async def test_newest_samples_are_dropped_and_counted_without_a_journal_and_a_reader() -> None:
    buffer = BlockBuffer(1_000)
    assert speak(buffer, [400] * 5) == 1_000
    buffer.end()
    assert np.array_equal(await all_of(buffer), tone(0, 1_000))
    assert (buffer.samples, buffer.in_memory) == (1_000, 0)


async def test_buffer_reports_when_it_begins_and_ends() -> None:
    buffer = BlockBuffer()
    buffer.append(tone(0, 0))
    assert not buffer.begun.done()
    buffer.append(tone(0, 1))
    assert buffer.begun.done() and not buffer.ended.done()
    buffer.end()
    assert buffer.ended.done()


async def test_buffer_is_silent_until_the_first_sound() -> None:
    buffer = BlockBuffer()
    silent = []
    for samples in ([0, 0], [], [0, -1], [0]):
        buffer.append(np.array(samples, np.int16))
        silent.append(buffer.silent)
    assert silent == [True, True, False, False]


@given(st.integers(0, 50), st.lists(st.one_of(st.none(), st.integers(0, 120)), max_size=30))
def test_pre_roll_keeps_the_newest_samples_and_returns_each_once(size: int, steps: list[int | None]) -> None:
    """A number adds that many samples; ``None`` drains the ring."""
    ring, model, count = PreRoll(size), list[int](), 0
    for step in [*steps, None]:
        if step is None:
            assert ring.drain().tolist() == model
            model = []
        else:
            ring.add(np.arange(count, count + step, dtype=np.int16))
            model = (model + list(range(count, count + step)))[-size:] if size else []
            count += step


def test_pre_roll_stays_bounded() -> None:
    ring = PreRoll(100)
    for size in (30, 0):
        for _ in range(1000):
            ring.add(np.zeros(size, np.int16))
        assert len(ring._blocks) <= 5
