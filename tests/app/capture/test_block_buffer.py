"""All recorded audio comes out once and in order, even with a slow reader."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.capture.block_buffer import BlockBuffer, Samples
from app.capture.errors import MicrophoneError, MicrophoneRefused
from app.journal.disk import AUDIO
from app.journal.errors import NotKept
from app.journal.journal import Journal
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from tests.app.journal.files import FaultyFile, opened_in, tone
from tests.helpers.examples import examples

ID = UUID(int=3)


async def spoken(sizes: Sequence[int], error: Exception | None = None) -> AsyncIterator[Samples]:
    """Yield blocks of these sizes, one per iteration of the loop."""
    at = 0
    for size in sizes:
        yield tone(at, size)
        at += size
        await asyncio.sleep(0)
    if error:
        raise error


@given(
    st.lists(st.integers(0, 2_000), max_size=40), st.lists(st.integers(0, 5), min_size=1), st.integers(0, 5_000)
)
@settings(max_examples=examples(40))
def test_tape_gives_every_sample_to_a_reader_of_any_speed(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], pauses: list[int], most: int
) -> None:
    async def run(journal: Journal) -> list[Samples]:
        tape = BlockBuffer(journal, most)
        recording = asyncio.create_task(tape.record(spoken(sizes)))
        blocks: list[Samples] = []
        async for block in tape.blocks():
            assert tape.in_memory <= most
            blocks.append(block)
            for _ in range(pauses[len(blocks) % len(pauses)]):
                await asyncio.sleep(0)
        await recording
        return blocks

    with Journal.create(tmp_path_factory.getbasetemp() / "takes", uuid4(), Options(), 0) as journal:
        blocks = asyncio.run(run(journal))
        assert journal.samples == sum(sizes)
    assert np.array_equal(np.concatenate([np.empty(0, np.int16), *blocks]), tone(0, sum(sizes)))


async def test_tape_gives_all_samples_recorded_before_an_error(tmp_path: Path) -> None:
    with Journal.create(tmp_path, ID, Options(), 0) as journal:
        tape = BlockBuffer(journal)
        await tape.record(spoken([100, 200], MicrophoneRefused("usb", "unplugged")))
        blocks = [block async for block in tape.blocks()]
    assert np.array_equal(np.concatenate(blocks), tone(0, 300))
    assert isinstance(tape.error, MicrophoneError)


async def test_tape_ends_with_the_recorded_samples_when_the_disk_is_full(tmp_path: Path) -> None:
    Journal.create(tmp_path, ID, Options(), 0).close()
    files: dict[str, FaultyFile] = {}
    with Journal.reopen(tmp_path, ID, lambda path: opened_in(files, path), SAMPLE_RATE) as journal:
        files[AUDIO].room = 0
        tape = BlockBuffer(journal, 0)  # all audio comes from the journal, whose memory holds one second
        await tape.record(spoken([4_000] * 10))
        assert isinstance(tape.error, NotKept)
        blocks = [block async for block in tape.blocks()]
        assert np.array_equal(np.concatenate(blocks), tone(0, 8_000))
        files[AUDIO].room = None
