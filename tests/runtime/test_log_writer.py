import asyncio
import gzip
import logging
import os
import threading
from pathlib import Path

import pytest

from runtime.log_writer import LogFile, LogWriter
from tests.helpers.tmpfs import fill, small_disk
from tests.helpers.waiting import wait_until


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, "", 0, text, None, None)


async def test_log_writer_bounds_memory_and_never_blocks_the_loop() -> None:
    unblock, blocks, written = threading.Event(), threading.Event(), list[str]()

    def blocked(record: logging.LogRecord) -> None:
        blocks.set()
        unblock.wait()
        written.append(record.getMessage())

    writer = LogWriter([blocked], most=100)
    writer.start()
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    try:
        writer.put(record("first"))
        await wait_until(blocks.is_set, "the disk blocks")
        before = ticks
        for number in range(5_000):
            writer.put(record(str(number)))
        await wait_until(lambda: ticks > before + 100, "the loop goes on")
        assert not unblock.is_set() and written == []
        assert writer.take_lost_count() == 4_900
    finally:
        unblock.set()
        ticking.cancel()
        assert writer.stop()
    assert written == ["first", *map(str, range(100))]


def test_log_writer_stops_at_its_deadline_when_disk_blocks() -> None:
    unblock = threading.Event()

    def blocked(record: logging.LogRecord) -> None:
        unblock.wait()

    writer = LogWriter([blocked])
    writer.start()
    writer.put(record("never written"))
    assert not writer.stop(deadline_s=0.05)
    unblock.set()
    assert writer.stop()


@pytest.mark.parametrize("error", [OSError("no space left on device"), TypeError("not all arguments converted")])
def test_log_writer_skips_records_that_cannot_be_written(error: Exception) -> None:
    written = list[str]()

    def failing(record: logging.LogRecord) -> None:
        raise error

    writer = LogWriter([failing, lambda record: written.append(record.getMessage())])
    writer.start()
    for text in ("one", "two"):
        writer.put(record(text))
    assert writer.stop() and written == ["one", "two"]


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: fifos")
def test_log_writer_does_not_wait_for_an_unread_fifo(tmp_path: Path) -> None:
    place = tmp_path / "log.jsonl"
    os.mkfifo(place)
    file = LogFile(place, 1_000, 3_000)
    writer = LogWriter([lambda record: file.write(record.getMessage())], most=10)
    writer.start()
    for number in range(1_000):
        writer.put(record(str(number)))
    assert not writer.stop(deadline_s=0.05)
    with place.open() as reader:  # with a reader, the queued records arrive and the thread ends
        assert reader.readline() == "0\n"
        assert writer.stop()
        file.close()
        assert len(reader.read().splitlines()) <= 10


def read(path: Path) -> list[str]:
    return (
        (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode().splitlines()
    )


def test_log_files_are_rotated_compressed_and_bounded(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.jsonl", 1_000, 4_000)
    (tmp_path / "a.jsonl.txt").write_text("not ours")
    for number in range(2_000):
        file.write(f"{number:020}")
    file.close()
    count = len(list(tmp_path.iterdir())) - 2
    names = ["a.jsonl", "a.jsonl.1", *(f"a.jsonl.{number}.gz" for number in range(2, count + 1))]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "a.jsonl.txt"])
    lines = [line for name in reversed(names) for line in read(tmp_path / name)]
    assert lines == [f"{number:020}" for number in range(2_000 - len(lines), 2_000)]
    assert 400 < len(lines) < 2_000, "packed, more stays than would as it is"
    assert sum((tmp_path / name).stat().st_size for name in names[1:]) <= 4_000
    assert os.name != "posix" or all((tmp_path / name).stat().st_mode & 0o077 == 0 for name in names)


def test_torn_line_of_a_full_disk_does_not_spoil_the_next_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        log = LogFile(disk / "log", most_bytes=1 << 30, most_in_all=0)
        ballast = fill(disk)
        os.truncate(ballast, ballast.stat().st_size - 4096)
        log.write("a" * 5000)  # the disk takes a part of it
        with pytest.raises(OSError, match="No space"):
            log.write("lost")
        ballast.unlink()
        log.write("next")
        log.write("last")
        log.close()
        assert (disk / "log").read_text().splitlines() == ["a" * 4096, "next", "last"]


def test_uncompressed_rotated_logs_are_compressed_later(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"a.jsonl.{number}").write_text(f"old {number}\n")
    file = LogFile(tmp_path / "a.jsonl", 10, 4_000)
    for text in ("a line that fills it", "the next one"):
        file.write(text)
    file.close()
    found = {path.name: read(path) for path in tmp_path.iterdir()}
    assert found == {
        "a.jsonl": ["the next one"],
        "a.jsonl.1": ["a line that fills it"],
        "a.jsonl.2.gz": ["old 1"],
        "a.jsonl.3.gz": ["old 2"],
        "a.jsonl.4.gz": ["old 3"],
    }


def test_log_file_shared_by_two_writers_loses_no_line(tmp_path: Path) -> None:
    place = tmp_path / "a.jsonl"
    two = [LogFile(place, 200, 100_000) for _ in range(2)]
    for number in range(60):
        two[number % 2].write(f"{number:020}")
    for file in two:
        file.close()
    found = [line for path in tmp_path.iterdir() for line in read(path)]
    assert sorted(found) == [f"{number:020}" for number in range(60)]
