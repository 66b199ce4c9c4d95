"""Conversion of a client's continuous audio to segments of a session: the gateway finds the speech in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.dialects.sent_audio import SentAudio
from backend.dialects.speech_detectors import SpeechDetectors
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from speech.resampling import Resampler
from speech.segmenter import (
    SegmentAudio,
    SegmentClosed,
    Segmenter,
    SegmenterOptions,
    SegmentOpened,
    SegmentOutput,
    SegmentPaused,
)
from speech.vad import VadEvent

_NOTHING: Final = np.empty(0, np.int16)
_BLOCK_BYTES: Final = 32 * 1024


@dataclass(frozen=True)
class IntakeOptions:
    """Options of an intake. ``rate``: that of the audio in Hz. ``endpoint_ms``: silence that ends a segment.

    ``gate``: only speech is recognised, else everything but long silence.
    """

    rate: int = SAMPLE_RATE
    endpoint_ms: int = 600
    gate: bool = True


DEFAULT_INTAKE: Final = IntakeOptions()


class SpeechIntake:
    """Intake of one client's audio, mono PCM, which continues ``sent``. Raises ``ValueError`` for a bad rate."""

    def __init__(self, sent: SentAudio, hearing: SpeechDetectors, options: IntakeOptions = DEFAULT_INTAKE) -> None:
        self._sent, self._first, self._origin = sent, sent.next_segment, sent.samples
        self._resampler, self._odd = Resampler(options.rate), b""
        self._hearing, self._vad = hearing, hearing.detector(options.endpoint_ms)
        self._segmenter = Segmenter(SegmenterOptions(gate=options.gate))
        self._finished = False

    async def accept_pcm(self, data: bytes) -> Sequence[VadEvent]:
        """Take more PCM16LE, cut anywhere; return the speech events found. Raises ``GatewayError``."""
        data = self._odd + data
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        found: list[VadEvent] = []
        for start in range(0, whole, _BLOCK_BYTES):
            samples = np.frombuffer(data[start : min(whole, start + _BLOCK_BYTES)], "<i2")
            found += await self.hear(self._resampler.accept_pcm(samples))
        return found

    async def hear(self, samples: NDArray[np.int16]) -> Sequence[VadEvent]:
        """Take more audio at 16 kHz; return the speech events found. Raises ``GatewayError``."""
        self._sent.samples += len(samples)
        events = await self._hearing.events(self._vad, samples)
        await self._send(self._segmenter.accept(samples, events))
        return events

    async def finish(self) -> Sequence[VadEvent]:
        """End the audio and the last segment; return the last speech events. Raises ``GatewayError``.

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

    async def _send(self, outputs: Sequence[SegmentOutput]) -> None:
        for output in outputs:
            match output:
                case SegmentOpened(number, at, gain_db):
                    await self._sent.begin(self._first + number, self._origin + at, gain_db)
                case SegmentAudio(number):
                    await self._sent.client.audio(self._first + number, output.pcm)
                case SegmentPaused(number):
                    await self._sent.client.speculate(self._first + number)
                case SegmentClosed(number, samples):
                    await self._sent.end(self._first + number, samples)
