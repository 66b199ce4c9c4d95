"""Test the separate process that reads a file."""

import asyncio
import gc
import sys
import warnings
from pathlib import Path

import psutil
import pytest

from backend.core.errors import MediaReaderKilled, MediaUnreadable
from backend.rest.media import reading
from backend.rest.media_frames import FRAMES, MediaEnded, MediaOpened, MediaSegment
from protocol.errors import ErrorCode
from tests.helpers.digits import DATA
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until

DIGITS = DATA / "digits" / "digits-01.flac"
LONGER = DATA / "speech" / "zh-02.flac"
"""A recording whose frames exceed a pipe's capacity."""


def reader_running(script: str) -> tuple[str, ...]:
    """Return a command that replaces the reader by this script."""
    return sys.executable, "-c", f"import os, sys, time\n{script}"


async def test_frames_come_until_the_file_ends(models: Path) -> None:
    async with reading(DIGITS, models / "fsmn-vad") as frames:
        opened, *pieces, ended = [frame async for frame in frames]
    assert isinstance(opened, MediaOpened) and opened.vad == "fsmn-vad"
    assert (
        isinstance(ended, MediaEnded)
        and ended.segments == len([p for p in pieces if isinstance(p, MediaSegment)]) > 0
    )


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process can be read on Linux only")
async def test_memory_of_reader_is_limited() -> None:
    before = set(psutil.Process().children(recursive=True))

    def bounded() -> bool:
        children = set(psutil.Process().children(recursive=True)) - before
        return any(child.rlimit(psutil.RLIMIT_AS)[0] != psutil.RLIM_INFINITY for child in children)

    async with reading(LONGER, None) as frames:
        await anext(frames)
        assert bounded()


async def test_unreadable_file_is_reported_with_remedy(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("no sound")
    with pytest.raises(MediaUnreadable, match="convert it") as caught:
        async with reading(tmp_path / "words", None) as frames:
            await anext(frames)
    assert caught.value.code is ErrorCode.UNSUPPORTED


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("os._exit(3)", ErrorCode.INTERNAL),
        ("os.write(1, b'a library prints something')", ErrorCode.INTERNAL),
        ("time.sleep(60)", ErrorCode.DECODE_TIMEOUT),
    ],
)
async def test_reader_that_crashes_prints_or_hangs_is_an_error(
    tmp_path: Path, script: str, code: ErrorCode
) -> None:
    with pytest.raises(MediaUnreadable) as caught:
        async with reading(tmp_path, None, reader_running(script), frame_s=1.0) as frames:
            await anext(frames)
    assert caught.value.code is code


async def test_reader_killed_by_signal_does_not_condemn_the_file(tmp_path: Path) -> None:
    with pytest.raises(MediaReaderKilled, match="ended by signal 9"):
        async with reading(tmp_path, None, reader_running("os.kill(os.getpid(), 9)")) as frames:
            await anext(frames)


async def test_reader_blocked_on_pipe_ends_with_its_context(tmp_path: Path) -> None:
    frame = FRAMES.pack(MediaSegment(0, 0, bytes(100_000)))
    script = f"while True: os.write(1, {frame[:60]!r} + bytes({len(frame) - 80}) + {frame[-20:]!r})"

    async def read() -> None:
        async with reading(tmp_path, None, reader_running(script)) as frames:
            await anext(frames)
            readers.extend(child.pid for child in set(psutil.Process().children()) - before)
            await asyncio.Event().wait()

    before, readers = set(psutil.Process().children()), list[int]()
    task = asyncio.create_task(read())
    await wait_until(lambda: readers or task.done(), "a frame")
    (pid,) = readers
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(pid)


async def read_slowly(path: Path) -> None:
    async with reading(path, None, reader_running("time.sleep(60)")) as frames:
        await anext(frames)


async def test_reader_cancelled_while_starting_ends(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    for ticks in range(4):
        task = asyncio.create_task(read_slowly(tmp_path))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert set(psutil.Process().children()) <= before


def test_reader_is_waited_for_when_its_loop_ends(tmp_path: Path) -> None:
    """A loop that ends cancels every task, also the one that waits for the process."""

    async def started() -> set[psutil.Process]:
        before = set(psutil.Process().children(recursive=True))
        task = asyncio.create_task(read_slowly(tmp_path))
        found: set[psutil.Process] = await wait_until(
            lambda: set(psutil.Process().children(recursive=True)) - before, "it reads"
        )
        task.cancel()
        await asyncio.sleep(0)
        return found

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        found = asyncio.run(started())
        gc.collect()
    assert not [str(one.message) for one in warned] and all(gone(one.pid) for one in found)
