"""Speakers at speaking pace for benchmarks: they stream segments in frames and check every digest."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

from loadtest.core.checksum import checksum
from protocol.audio import BYTES_PER_SAMPLE, FRAME_MS, SAMPLE_RATE, encode_frame
from protocol.endpoint import Endpoint
from protocol.recognition import Options
from protocol.session import (
    STREAM_PATH,
    SUBPROTOCOL,
    Failed,
    Final,
    Finish,
    Hello,
    Received,
    SegmentBegin,
    SegmentEnd,
    decode_gateway,
    encode,
)

PLAIN = Options()
_DRAIN_S = 60.0


@dataclass(frozen=True)
class Utterance:
    """Audio, and the text that the checksum engine must return for it."""

    pcm: bytes
    digest: str

    @property
    def samples(self) -> int:
        """Length of the audio in samples."""
        return len(self.pcm) // BYTES_PER_SAMPLE


def utterances(seconds: float, count: int = 16, seed: int = 1) -> list[Utterance]:
    """Return different pieces of noise of the same length; the same seed gives the same noise."""
    source = random.Random(seed)
    size = int(seconds * SAMPLE_RATE) * BYTES_PER_SAMPLE
    made = [source.randbytes(size) for _ in range(count)]
    return [Utterance(pcm, checksum(pcm)) for pcm in made]


@dataclass
class Tally:
    """Counted answers. ``beyond_ms``: from the end of a segment to its final, less the engine's own time."""

    audio_s: float = 0.0
    decode_s: float = 0.0
    right: int = 0
    wrong: int = 0
    failed: int = 0
    twice: int = 0
    beyond_ms: list[float] = field(default_factory=list)


class Speaker:
    """Speaker of one session that streams the utterances without pauses."""

    def __init__(
        self,
        utterances: list[Utterance],
        pace: float,
        tally: Tally,
        frame_ms: int = FRAME_MS,
        options: Options = PLAIN,
    ) -> None:
        self._utterances = utterances
        self._options = options
        self._frame_s = frame_ms / 1000 * pace
        self._frame_bytes = SAMPLE_RATE * frame_ms // 1000 * BYTES_PER_SAMPLE
        self._tally = tally
        self._ended: dict[int, float] = {}
        self._answered: set[int] = set()

    async def speak(self, http: aiohttp.ClientSession, endpoint: Endpoint) -> None:
        """Run the session to its end. Raises ``TimeoutError`` or ``ConnectionError`` if answers are missing."""
        headers = {"Authorization": f"Bearer {endpoint.key}"}
        async with http.ws_connect(
            endpoint.url + STREAM_PATH, protocols=(SUBPROTOCOL,), headers=headers, compress=0
        ) as socket:
            await socket.send_str(encode(Hello(uuid4(), "benchmark", options=self._options)))
            reader = asyncio.create_task(self._read(socket))
            try:
                for segment, utterance in enumerate(self._utterances):
                    await self._say(socket, segment, utterance)
                await socket.send_str(encode(Finish(len(self._utterances))))
                await self._rest(reader)
                if len(self._answered) < len(self._utterances):  # a speaker does not resume a lost session
                    raise ConnectionError(f"closed with {socket.close_code} after {self._progress()}")
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    async def _rest(self, reader: "asyncio.Task[None]") -> None:
        """Wait for the rest as long as texts come. Raises ``TimeoutError`` after a minute without one."""
        while not reader.done():
            answered = len(self._answered)
            await asyncio.wait({reader}, timeout=_DRAIN_S)
            if not reader.done() and len(self._answered) == answered:
                raise TimeoutError(f"no text for {_DRAIN_S:g} s after {self._progress()}")
        await reader

    def _progress(self) -> str:
        return f"{len(self._answered)} of {len(self._utterances)} texts"

    async def _say(self, socket: aiohttp.ClientWebSocketResponse, segment: int, utterance: Utterance) -> None:
        await socket.send_str(encode(SegmentBegin(segment)))
        pcm = memoryview(utterance.pcm)
        due = time.monotonic()
        for start in range(0, len(pcm), self._frame_bytes):
            due += self._frame_s
            await asyncio.sleep(due - time.monotonic())
            frame = pcm[start : start + self._frame_bytes]
            await socket.send_bytes(encode_frame(segment, start // BYTES_PER_SAMPLE, frame))
        self._ended[segment] = time.monotonic()
        self._tally.audio_s += utterance.samples / SAMPLE_RATE
        await socket.send_str(encode(SegmentEnd(segment, utterance.samples)))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            match decode_gateway(message.data):
                case Final() as final:
                    self._count(final)
                    await socket.send_str(encode(Received(final.segment)))
                case Failed(segment=segment):
                    self._tally.failed += 1
                    self._answered.add(segment)
                case _:
                    continue
            if len(self._answered) == len(self._utterances):
                return

    def _count(self, final: Final) -> None:
        if final.segment in self._answered:
            self._tally.twice += 1
            return
        self._answered.add(final.segment)
        if final.text == self._utterances[final.segment].digest:
            self._tally.right += 1
        else:
            self._tally.wrong += 1
        self._tally.decode_s += final.timing.decode / 1000
        took = (time.monotonic() - self._ended[final.segment]) * 1000
        self._tally.beyond_ms.append(max(0.0, took - final.timing.decode))


def connected() -> aiohttp.ClientSession:
    """Return an HTTP client without a limit on connections."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def run_speakers(  # noqa: PLR0913 - a load has that many sides, and most callers name two of them
    endpoint: Endpoint,
    speakers: int,
    segments: int,
    seconds: float = 4.0,
    pace: float = 1.0,
    frame_ms: int = FRAME_MS,
    at_full_load: Callable[[], Awaitable[None]] | None = None,
) -> Tally:
    """Run all sessions at once; their starts are spread over one segment, so that their ends do not coincide."""
    pool = utterances(seconds)
    tally = Tally()
    async with connected() as http, asyncio.TaskGroup() as group:
        for number in range(speakers):
            spoken = [pool[(number + index) % len(pool)] for index in range(segments)]
            group.create_task(Speaker(spoken, pace, tally, frame_ms).speak(http, endpoint))
            await asyncio.sleep(seconds * pace / speakers)
        if at_full_load:
            await at_full_load()
    return tally
