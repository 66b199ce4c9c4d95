"""Storage for the audio of segments until they have ended, so that any part can be sent again."""

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self

from client.errors import AudioGone
from client.events import Outcome
from protocol.audio import BYTES_PER_SAMPLE

_IN_MEMORY_BYTES: Final = 4 * 1024 * 1024
_VOLUME_BYTES: Final = 32 * 1024 * 1024


class AudioStore(Protocol):
    """Interface that the client needs to store audio. Offsets are samples from the segment's beginning.

    Methods that may wait for a disk are coroutines, so that the connection continues meanwhile.
    """

    def append(self, segment: int, pcm: bytes) -> None:
        """Append audio to a segment. A store that has the audio already inherits this refusal."""
        raise TypeError(f"the store has the audio of segment {segment} already: count it with `count_audio`")

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Return exactly these samples. Raises ``AudioGone``."""
        ...

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Record that the segment has ended (``None``: cancelled after this many ``samples``).

        Return whether the gateway may forget its result: not if only the memory of this process has it.
        """
        ...


@dataclass
class _Volume:
    """Temporary file, in memory while it is short; deleted when none of its segments is held."""

    file: tempfile.SpooledTemporaryFile[bytes]
    size: int = 0
    segments: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Extent:
    volume: _Volume
    start: int
    size: int


class TemporaryAudio:
    """``AudioStore`` for one process. Memory is bounded (4 MiB, then disk); disk use follows the held segments."""

    def __init__(self, in_memory: int = _IN_MEMORY_BYTES, volume: int = _VOLUME_BYTES) -> None:
        self._in_memory = in_memory
        self._volume_bytes = max(volume, in_memory)
        self._volumes: list[_Volume] = []
        self._extents: dict[int, list[_Extent]] = {}

    @property
    def files(self) -> int:
        """Number of temporary files in use."""
        return len(self._volumes)

    @property
    def on_disk(self) -> bool:
        """True once a file has outgrown the memory bound and is on disk."""
        return any(volume.size > self._in_memory for volume in self._volumes)

    def append(self, segment: int, pcm: bytes) -> None:
        """Append audio; extend the segment's last extent if it directly precedes the new bytes.

        Raises ``AudioGone`` if the disk refuses it.
        """
        volume = self._writable()
        try:
            volume.file.seek(volume.size)
            volume.file.write(pcm)
        except OSError as error:
            why = f"the folder of temporary files takes no more audio ({error.strerror})"
            raise AudioGone(f"{why}: free space there, or set TMPDIR to another one") from error
        extents = self._extents.setdefault(segment, [])
        if extents and extents[-1].volume is volume and extents[-1].start + extents[-1].size == volume.size:
            extents[-1] = _Extent(volume, extents[-1].start, extents[-1].size + len(pcm))
        else:
            extents.append(_Extent(volume, volume.size, len(pcm)))
        volume.size += len(pcm)
        volume.segments.add(segment)

    async def read(self, segment: int, offset: int, samples: int) -> bytes:
        """Collect the samples from all extents of the segment."""
        skip, wanted = offset * BYTES_PER_SAMPLE, samples * BYTES_PER_SAMPLE
        pieces: list[bytes] = []
        for extent in self._extents.get(segment, ()):
            if skip < extent.size and wanted:
                extent.volume.file.seek(extent.start + skip)
                pieces.append(extent.volume.file.read(min(wanted, extent.size - skip)))
                wanted -= len(pieces[-1])
            skip = max(0, skip - extent.size)
        if wanted:
            raise AudioGone(f"samples {offset} to {offset + samples} of segment {segment} are not held any more")
        return b"".join(pieces)

    async def settle(self, segment: int, outcome: Outcome | None, samples: int = 0) -> bool:
        """Forget the audio of a segment; safe to call twice."""
        self._forget(segment)
        return True

    def close(self) -> None:
        """Remove all temporary files. Safe to call twice."""
        for segment in tuple(self._extents):
            self._forget(segment)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _writable(self) -> _Volume:
        if not self._volumes or self._volumes[-1].size >= self._volume_bytes:
            file = tempfile.SpooledTemporaryFile(self._in_memory)  # noqa: SIM115 - closed by settle
            self._volumes.append(_Volume(file))
        return self._volumes[-1]

    def _forget(self, segment: int) -> None:
        for extent in self._extents.pop(segment, ()):
            extent.volume.segments.discard(segment)
        for volume in [volume for volume in self._volumes if not volume.segments]:
            with suppress(OSError):  # a full disk refuses what is still buffered, and is not needed
                volume.file.close()
            self._volumes.remove(volume)
