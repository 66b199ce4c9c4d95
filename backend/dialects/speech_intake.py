"""Continuous audio of a client becomes segments of a session: this side finds the speech in it."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.dialects.speech_detectors import SpeechDetectors
from client.gateway import GatewayClient
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE, samples_to_ms
from protocol.session import SegmentDetails
from speech.resampling import Resampler
from speech.segmenter import (
    SegmentAudio,
    SegmentBegin,
    SegmentEnd,
    Segmenter,
    SegmenterOptions,
    SegmentOutput,
    SegmentSpeculate,
)
from speech.vad import VadEvent

_NOTHING: Final = np.empty(0, np.int16)
_BLOCK_BYTES: Final = 32 * 1024


class SpeechIntake:
    """Intake of one client's audio, mono PCM at ``rate`` Hz. Raises ``ValueError`` for an impossible rate.

    ``endpoint_ms``: silence that ends a segment. ``gate``: only speech is recognised, else everything but long
    silence. ``after``: the intake of the audio before. ``samples``: heard so far. ``segments``: all so far, each
    with first sample and length (0 until it ends).
    """

    def __init__(
        self,
        client: GatewayClient,
        hearing: SpeechDetectors,
        rate: int = SAMPLE_RATE,
        endpoint_ms: int = 600,
        gate: bool = True,
        after: "SpeechIntake | None" = None,
    ) -> None:
        self._client = client
        self._first = after.next_segment if after else 0
        self._origin: int = after.samples if after else 0
        self._resampler, self._odd = Resampler(rate), b""
        self._hearing, self._vad = hearing, hearing.detector(endpoint_ms)
        self._segmenter = Segmenter(SegmenterOptions(gate=gate))
        self._finished = False
        self.samples: int = self._origin
        self.segments: dict[int, tuple[int, int]] = after.segments if after else {}

    async def hear_pcm(self, data: bytes) -> Sequence[VadEvent]:
        """Take more PCM16LE, cut anywhere; return what was found in it. Raises ``GatewayError``."""
        data = self._odd + data
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        found: list[VadEvent] = []
        for start in range(0, whole, _BLOCK_BYTES):
            samples = np.frombuffer(data[start : min(whole, start + _BLOCK_BYTES)], "<i2")
            found += await self.hear(self._resampler.accept_pcm(samples))
        return found

    async def hear(self, samples: NDArray[np.int16]) -> Sequence[VadEvent]:
        """Take more audio at 16 kHz; return what was found in it. Raises ``GatewayError``."""
        self.samples += len(samples)
        events = await self._hearing.events(self._vad, samples)
        await self._send(self._segmenter.accept(samples, events))
        return events

    async def finish(self) -> Sequence[VadEvent]:
        """End the audio and the last segment; return what was found at last. Raises ``GatewayError``.

        Safe to call twice.
        """
        if self._finished:
            return ()
        self._finished = True
        if len(rest := self._resampler.finish()):
            await self.hear(rest)
        events = self._vad.finish()
        await self._send(self._segmenter.accept(_NOTHING, events))
        await self._send(self._segmenter.finish())
        return events

    @property
    def next_segment(self) -> int:
        """The number of the segment that begins next."""
        return len(self.segments)

    @property
    def open_segment(self) -> int | None:
        """The segment that has begun and not ended, or ``None``."""
        last = self.next_segment - 1
        return last if last >= self._first and not self.segments[last][1] else None

    async def cancel(self) -> None:
        """Cancel the open segment: its text is not wanted. Raises ``GatewayError``."""
        if (segment := self.open_segment) is not None:
            await self._client.cancel(segment)

    def place_ms(self, segment: int) -> tuple[int, int]:
        """Return start and end of a segment that has ended, in milliseconds of this audio."""
        at, samples = self.segments[segment]
        return samples_to_ms(at), samples_to_ms(at + samples)

    async def _send(self, outputs: Sequence[SegmentOutput]) -> None:
        for output in outputs:
            match output:
                case SegmentBegin(number, at, gain_db):
                    at += self._origin
                    self.segments[self._first + number] = at, 0
                    details = SegmentDetails(gain_db=gain_db)
                    await self._client.begin(self._first + number, samples_to_ms(at), details)
                case SegmentAudio(number):
                    await self._client.audio(self._first + number, output.pcm)
                case SegmentSpeculate(number):
                    await self._client.speculate(self._first + number)
                case SegmentEnd(number, samples):
                    at, _ = self.segments[self._first + number]
                    self.segments[self._first + number] = at, samples
                    await self._client.end(self._first + number)
