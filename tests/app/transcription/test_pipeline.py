"""Tests of all stages together: everything that the VAD finds arrives, in order, at the right time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.transcript import TranscriptSegment
from app.transcription.pipeline import (
    ResultCollector,
    Samples,
    SegmentingVad,
    TranscriptionObserver,
    at_speaking_pace,
    in_thread,
    transcribe,
)
from client.errors import SessionLost
from client.events import ClientEvent, Connected
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from protocol.errors import ErrorCode
from protocol.session import PLAIN, Failed, Final, SegmentDetails
from speech.segmenter import Segmenter, SegmenterOptions
from speech.vad import SpeechEnded, SpeechPaused, SpeechStarted, VadEvent
from tests.helpers.logs import capture_logs

SECOND = SAMPLE_RATE


class ScriptedVad:
    """Fake VAD that reports each event once the audio up to its ``known`` was accepted."""

    name = "scripted"
    reason = ""

    def __init__(self, events: Sequence[VadEvent]) -> None:
        self._events = list(events)
        self._heard = 0

    def accept(self, samples: NDArray[np.int16]) -> list[VadEvent]:
        self._heard += len(samples)
        return self._known(self._heard)

    def finish(self) -> list[VadEvent]:
        return self._known(2**62)

    def reset(self) -> None:
        self._heard = 0

    def _known(self, heard: int) -> list[VadEvent]:
        known = [event for event in self._events if event.known <= heard]
        self._events = self._events[len(known) :]
        return known


class Echo:
    """Fake outlet whose text is the number of samples.

    Segment ``failing`` fails with ``code``, ``lost`` ends the session.
    """

    def __init__(
        self,
        failing: int | None = None,
        lost: int | None = None,
        code: ErrorCode = ErrorCode.ENGINE_DIED,
    ) -> None:
        self._failing, self._code = failing, code
        self._lost = lost
        self._audio: dict[int, bytes] = {}
        self._events: asyncio.Queue[ClientEvent | None] = asyncio.Queue()
        self.began: list[tuple[int, int]] = []
        self.speculated: list[tuple[int, int]] = []
        self.finished = False

    async def begin(self, segment: int, at: int, details: SegmentDetails = PLAIN) -> None:
        if segment == self._lost:
            raise SessionLost("gone", (segment,))
        self.began.append((segment, at))
        self._audio[segment] = b""

    async def audio(self, segment: int, samples: Samples) -> None:
        self._audio[segment] += samples.tobytes()

    async def speculate(self, segment: int) -> None:
        self.speculated.append((segment, len(self._audio[segment]) // 2))

    async def end(self, segment: int, samples: int) -> None:
        assert samples == len(self._audio[segment]) // 2
        if segment == self._failing:
            await self._events.put(Failed(segment, self._code, "it died"))
        else:
            await self._events.put(Final(segment, f" {len(self._audio[segment]) // 2} ", "en"))

    async def finish(self) -> None:
        self.finished = True

    async def close(self) -> None:
        await self._events.put(None)

    async def events(self) -> AsyncIterator[ClientEvent]:
        yield Connected("echo", True)
        while (event := await self._events.get()) is not None:
            yield event


class Noted(TranscriptionObserver):
    """Observer that remembers every call."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.events: list[ClientEvent] = []
        self.segments: list[TranscriptSegment] = []
        self.is_over = False

    def processed(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def audio_ended(self) -> None:
        self.is_over = True

    def received(self, event: ClientEvent) -> None:
        self.events.append(event)

    def recognised(self, segment: TranscriptSegment) -> None:
        self.segments.append(segment)


TWO = (
    SpeechStarted(1 * SECOND, 2 * SECOND),
    SpeechPaused(3 * SECOND, 3 * SECOND + 800),
    SpeechEnded(3 * SECOND, 4 * SECOND),
    SpeechStarted(5 * SECOND, 5 * SECOND + 100),
    SpeechPaused(6 * SECOND, 6 * SECOND + 800),
    SpeechEnded(6 * SECOND, 7 * SECOND),
)
OPTIONS = SegmenterOptions(pre_roll_ms=300, post_roll_ms=200, noise_roll_ms=0)


def scripted_vad(events: Sequence[VadEvent] = TWO) -> SegmentingVad:
    return SegmentingVad(ScriptedVad(events), Segmenter(OPTIONS))


async def blocks_of(seconds: int, size: int = SECOND) -> AsyncIterator[Samples]:
    audio = np.arange(seconds * SECOND).astype(np.int16)
    for start in range(0, len(audio), size):
        yield audio[start : start + size]


async def test_transcribe_turns_recording_into_transcript() -> None:
    echo, noted = Echo(), Noted()
    transcript = await transcribe(blocks_of(8), scripted_vad(), echo, noted)
    assert [(s.start_ms, s.end_ms, s.text, s.language) for s in transcript.segments] == [
        (700, 3200, str(2500 * 16), "en"),
        (4700, 6200, str(1500 * 16), "en"),
    ]
    assert transcript.duration_ms == 8000
    assert echo.began == [(0, 700 * 16), (1, 4700 * 16)]
    assert echo.speculated == [(0, 2500 * 16), (1, 1500 * 16)]
    assert echo.finished
    assert noted.is_over
    assert noted.seconds == [float(second) for second in range(1, 9)]
    assert noted.segments == list(transcript.segments)
    assert noted.events[0] == Connected("echo", True)
    assert all(segment.after_speech_ms is None for segment in transcript.segments)


async def test_transcript_has_the_text_of_each_result() -> None:
    noted = Noted()
    result = partial(transcribe, text_of=lambda final: f"{final.segment}!")
    transcript = await result(blocks_of(8), scripted_vad(), Echo(), noted)
    assert [(s.text, s.recognised) for s in transcript.segments] == [("0!", "40000"), ("1!", "24000")]
    assert noted.segments == list(transcript.segments)


async def test_failed_segment_becomes_error_in_its_place() -> None:
    transcript = await transcribe(blocks_of(8), scripted_vad(), Echo(failing=0), Noted())
    assert [segment.error for segment in transcript.segments] == ["it died (engine_died)", ""]
    assert not any(segment.unsupported for segment in transcript.segments)


async def test_segment_in_a_language_that_the_model_lacks_is_marked() -> None:
    echo = Echo(failing=0, code=ErrorCode.UNSUPPORTED)
    transcript = await transcribe(blocks_of(8), scripted_vad(), echo, Noted())
    assert [segment.unsupported for segment in transcript.segments] == [True, False]


async def test_lost_session_ends_pipeline_and_its_task() -> None:
    with pytest.raises(SessionLost):
        await transcribe(blocks_of(8), scripted_vad(), Echo(lost=1), Noted())
    assert [task for task in asyncio.all_tasks() if "pipeline" in task.get_name()] == []


async def test_delay_is_measured_from_end_of_speech() -> None:
    transcript = await transcribe(blocks_of(8), scripted_vad(), Echo(), Noted(), live=lambda: 10.0)
    assert [segment.after_speech_ms for segment in transcript.segments] == [7000, 4000]


async def test_silence_yields_no_segments() -> None:
    transcript = await transcribe(blocks_of(2), scripted_vad(()), Echo(), Noted())
    assert transcript.segments == ()
    assert transcript.duration_ms == 2000


async def test_in_thread_yields_blocks_and_raises_read_errors() -> None:
    def broken() -> AsyncIterator[Samples]:
        def blocks() -> "Sequence[Samples]":
            raise OSError("disk gone")

        return in_thread(iter(lambda: blocks()[0], None))

    with pytest.raises(OSError, match="disk gone"):
        await transcribe(broken(), scripted_vad(), Echo(), Noted())
    audio = [np.zeros(3, np.int16), np.ones(2, np.int16)]
    assert [list(block) async for block in in_thread(iter(audio))] == [[0, 0, 0], [1, 1]]


@given(st.lists(st.integers(0, 3 * FRAME_SAMPLES), max_size=6))
def test_speaking_pace_keeps_every_sample_and_waits_before_each_frame(sizes: list[int]) -> None:
    audio = np.arange(sum(sizes)).astype(np.int16)
    bounds = np.cumsum([0, *sizes])
    pauses: list[float] = []

    def never() -> float:  # a clock far ahead, so that no frame is waited for
        pauses.append(0.0)
        return 1e9

    async def run() -> list[Samples]:
        async def blocks() -> AsyncIterator[Samples]:
            for start, end in zip(bounds, bounds[1:], strict=False):
                yield audio[start:end]

        return [frame async for frame in at_speaking_pace(blocks(), never)]

    frames = asyncio.run(run())
    assert [len(frame) for frame in frames[:-1]] == [FRAME_SAMPLES] * (len(frames) - 1)
    assert np.concatenate([np.empty(0, np.int16), *frames]).tolist() == audio.tolist()
    assert len(pauses) == len(frames)


async def test_speaking_pace_yields_frame_once_it_is_spoken() -> None:
    clock = asyncio.get_running_loop().time
    start = clock()
    said = 0
    async for frame in at_speaking_pace(blocks_of(1, 5000), lambda: clock() - start):
        said += len(frame)
        if said < SECOND // 2:  # half a second is enough to check
            assert clock() - start >= said / SAMPLE_RATE - 0.002
        else:
            break
    assert said == SECOND // 2


async def test_speaking_pace_yields_short_last_frame_once_it_is_spoken() -> None:
    clock = asyncio.get_running_loop().time
    start = clock()
    rest = FRAME_SAMPLES // 2

    async def blocks() -> AsyncIterator[Samples]:
        yield np.zeros(FRAME_SAMPLES + rest, np.int16)

    frames = [(len(frame), clock() - start) async for frame in at_speaking_pace(blocks(), lambda: clock() - start)]
    assert [length for length, _ in frames] == [FRAME_SAMPLES, rest]
    assert frames[-1][1] >= (FRAME_SAMPLES + rest) / SAMPLE_RATE - 0.002


def test_cut_segment_is_logged_with_its_length_and_its_trailing_silence() -> None:
    texts = ResultCollector(TranscriptionObserver())
    texts.segment_begun(3, 16_000)
    with capture_logs() as lines:
        texts.segment_ended(3, 32_000, 38_400)
    (line,) = lines
    assert (line["segment"], line["audio_ms"], line["silence_ms"]) == (3, 2_000, 600)
