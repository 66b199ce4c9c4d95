"""Continuous audio of a client becomes segments of a session: this side finds the speech in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
from speech.vad import VadEvent, open_vad

_NOTHING: Final = np.empty(0, np.int16)
_FULL_SCALE: Final = np.float32(32_768)


class SpeechIntake:
    """Intake of one client's audio, mono PCM at ``rate`` Hz. Raises ``ValueError`` for an impossible rate.

    ``vad_folder``: folder of the FSMN model; without it a simpler detector is used. ``endpoint_ms``: silence that
    ends a segment. ``gate``: only speech is recognised, else everything but long silence.
    ``samples``: heard so far. ``segments``: begun so far, each with first sample and length, which is 0 until it
    ends.
    """

    def __init__(
        self,
        client: GatewayClient,
        vad_folder: Path | None,
        rate: int = SAMPLE_RATE,
        endpoint_ms: int = 600,
        gate: bool = True,
    ) -> None:
        self._client = client
        self._resampler, self._odd = Resampler(rate), b""
        self._vad = open_vad(vad_folder, endpoint_ms)
        self._segmenter = Segmenter(SegmenterOptions(gate=gate))
        self.samples = 0
        self.segments: dict[int, tuple[int, int]] = {}

    async def hear_pcm(self, data: bytes) -> Sequence[VadEvent]:
        """Take more PCM16LE, cut anywhere; return what was found in it. Raises ``GatewayError``."""
        data = self._odd + data
        whole = len(data) - len(data) % BYTES_PER_SAMPLE
        self._odd = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2")
        return await self.hear(self._resampler.accept(samples.astype(np.float32) / _FULL_SCALE))

    async def hear(self, samples: NDArray[np.int16]) -> Sequence[VadEvent]:
        """Take more audio at 16 kHz; return what was found in it. Raises ``GatewayError``."""
        self.samples += len(samples)
        events = self._vad.accept(samples)
        await self._send(self._segmenter.accept(samples, events))
        return events

    async def finish(self) -> Sequence[VadEvent]:
        """End the audio and the last segment; return what was found at last. Raises ``GatewayError``."""
        if len(rest := self._resampler.finish()):
            await self.hear(rest)
        events = self._vad.finish()
        await self._send(self._segmenter.accept(_NOTHING, events))
        await self._send(self._segmenter.finish())
        return events

    def place_ms(self, segment: int) -> tuple[int, int]:
        """Return start and end of a segment that has ended, in milliseconds of this audio."""
        at, samples = self.segments[segment]
        return samples_to_ms(at), samples_to_ms(at + samples)

    async def _send(self, outputs: Sequence[SegmentOutput]) -> None:
        for output in outputs:
            match output:
                case SegmentBegin(segment, at, gain_db):
                    self.segments[segment] = at, 0
                    await self._client.begin(segment, samples_to_ms(at), SegmentDetails(gain_db=gain_db))
                case SegmentAudio(segment):
                    await self._client.audio(segment, output.pcm)
                case SegmentSpeculate(segment):
                    await self._client.speculate(segment)
                case SegmentEnd(segment, samples):
                    self.segments[segment] = self.segments[segment][0], samples
                    await self._client.end(segment)
