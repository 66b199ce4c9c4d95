"""Audio store: exact reads, bounded memory, and removal of files that are no longer needed."""

import asyncio
import tempfile
from errno import ENOSPC
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.audio_store import TemporaryAudio
from client.errors import AudioGone
from protocol.session import Final


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=40), st.data())
def test_store_reads_any_range_of_interleaved_segments(pieces: list[tuple[int, int]], data: st.DataObject) -> None:
    said: dict[int, bytes] = {}
    with TemporaryAudio(in_memory=16, volume=64) as store:
        for number, (segment, samples) in enumerate(pieces):
            pcm = bytes([number, segment]) * samples
            store.append(segment, pcm)
            said[segment] = said.get(segment, b"") + pcm
        for segment, pcm in said.items():
            start = data.draw(st.integers(0, len(pcm) // 2))
            count = data.draw(st.integers(0, len(pcm) // 2 - start))
            assert asyncio.run(store.read(segment, start, count)) == pcm[start * 2 : (start + count) * 2]


async def test_store_raises_error_for_samples_it_does_not_hold() -> None:
    with TemporaryAudio() as store:
        store.append(0, b"1234")
        with pytest.raises(AudioGone, match="samples 1 to 3 of segment 0"):
            await store.read(0, 1, 2)
        await store.settle(0, Final(0, "x"))
        with pytest.raises(AudioGone):
            await store.read(0, 0, 1)


async def test_store_removes_files_without_held_segments() -> None:
    with TemporaryAudio(in_memory=10, volume=100) as store:
        for segment in range(10):
            store.append(segment, bytes(60))
        assert store.files == 5
        for segment in (0, 1, 2, 3):
            await store.settle(segment, None)
            await store.settle(segment, None)
        assert store.files == 3
    assert store.files == 0


async def test_store_uses_disk_beyond_the_memory_bound() -> None:
    with TemporaryAudio(in_memory=10) as store:
        on_disk = []
        for _ in range(2):
            store.append(0, bytes(8))
            on_disk.append(store.on_disk)
        assert on_disk == [False, True]
        assert await store.read(0, 0, 8) == bytes(16)


class FullDisk(BytesIO):
    """Temporary file on a disk with room for 4 bytes; closing it fails as well, because the rest is buffered."""

    def write(self, data: Any) -> int:
        written = super().write(data)
        if self.tell() > 4:
            raise OSError(ENOSPC, "No space left on device")
        return written

    def close(self) -> None:
        super().close()
        raise OSError(ENOSPC, "No space left on device")


def test_store_raises_typed_error_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda most: FullDisk())
    with TemporaryAudio() as store:
        store.append(0, b"1234")
        with pytest.raises(AudioGone, match="No space left"):
            store.append(0, b"56")
    assert store.files == 0
