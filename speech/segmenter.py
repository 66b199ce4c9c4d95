"""Segmenter: cuts a stream of samples into segments to recognise. Pure: samples and VAD events in, segments out.

With ``gate``, only speech is sent, with a margin before and after it. Without it, every sample is in a segment,
and the VAD only says where to cut. But silence of over a second, by both VAD and level, is not sent. No
sample is sent twice, and none within a segment is left out.

Audio is sent as early as possible, in frames of 100 ms. Only audio that may not belong to the segment is held
back: audio after a pause or silence, until its meaning is known, and the last 3 s before the longest length.
There an unfinished segment is cut at its quietest point, and the next one begins with the next sample.

In a pause, everything up to the possible end of the segment is sent, followed by ``SegmentPaused``. An engine
may decode it while the endpoint is awaited. If speech does not resume, the segment ends at exactly that sample.

The VAD only advises. In noise it misses the quiet end of speech, so the margin after speech is longer the less the
speech stands out.

A segment states the gain that its speech needs. The samples themselves stay as they were recorded.

The segments do not depend on how the stream was cut into chunks: every event takes effect at its ``known``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from speech.level import (
    BLOCK,
    FAINTEST_SPEECH_DBFS,
    FLOOR_DBFS,
    LevelMeter,
    SoundBegan,
    SoundCeased,
    SoundDetector,
    SoundEvent,
    contrast,
    gain_for,
    loudness,
    quietest,
)
from speech.vad import LOOKBACK, SpeechEnded, SpeechPaused, SpeechResumed, SpeechStarted, VadEvent

_WINDOW_MS: Final = 100
_CONTRAST_BLOCKS: Final = 300
_CLEAR_DB: Final = 20.0
_MS_PER_DB: Final = 70
_ONSET_DB: Final = 6.0
"""How much quieter the first words of a segment may be than the speech before it, at the same distance."""
_DISCOVERY: Final = SAMPLE_RATE // 4
"""Delay with which a VAD detects the start of speech, awaited before a segment ends to avoid cutting a word."""
_NEVER: Final = 2**62

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class SegmenterOptions:
    """Options for cutting segments. The endpoint silence is an option of the VAD.

    ``post_roll_ms``: counted from the VAD's end, which is 160 ms after the last speech: 200 ms in all.
    ``noise_roll_ms``: most additional post-roll, used if speech and background differ by less than 20 dB.
    ``quiet_ms``: without the gate, longer silence is not sent, except ``pre_roll_ms`` at its ends; None: it is
    sent. ``quiet_dbfs``: blocks of 10 ms below this RMS are silent by level. ``shortest_ms``: a segment that
    would be shorter includes following audio; only the last one may be shorter.
    """

    gate: bool = True
    pre_roll_ms: int = 300
    post_roll_ms: int = 40
    noise_roll_ms: int = 700
    quiet_ms: int | None = 1000
    quiet_dbfs: float = -50.0
    shortest_ms: int = 500
    longest_ms: int = 30_000
    cut_search_ms: int = 3_000

    def __post_init__(self) -> None:
        durations = (self.pre_roll_ms, self.post_roll_ms, self.noise_roll_ms, self.shortest_ms, self.quiet_ms or 0)
        if min(durations) < 0:
            raise ValueError("durations cannot be negative")
        if self.cut_search_ms < _WINDOW_MS:
            raise ValueError(f"the search for a quiet point needs at least {_WINDOW_MS} ms")
        if self.longest_ms < self.shortest_ms + self.cut_search_ms or self.longest_ms == self.cut_search_ms:
            raise ValueError("the longest segment must hold the shortest and the search for a quiet point")


@dataclass(frozen=True, slots=True)
class SegmentOpened:
    """Start of segment number ``segment`` ``at`` this sample of the stream. At least one sample follows.

    ``gain_db``: amplification that quiet speech needs before it is recognised.
    """

    segment: int
    at: int
    gain_db: int = 0


@dataclass(frozen=True, slots=True)
class SegmentAudio:
    """Samples from ``offset`` after the segment's beginning on: 100 ms, or less at a possible end."""

    segment: int
    offset: int
    samples: Samples = field(repr=False, hash=False)

    def __eq__(self, other: object) -> bool:
        """Compare segment, offset and audio."""
        if not isinstance(other, SegmentAudio):
            return NotImplemented
        return (self.segment, self.offset, self.pcm) == (other.segment, other.offset, other.pcm)

    @property
    def pcm(self) -> bytes:
        """Return the samples as PCM16LE."""
        return self.samples.astype("<i2", copy=False).tobytes()


@dataclass(frozen=True, slots=True)
class SegmentPaused:
    """Possible end after these samples, which are all sent; it is final unless speech resumes. Once per pause."""

    segment: int
    samples: int


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """End of the segment, with this many samples."""

    segment: int
    samples: int


SegmentOutput = SegmentOpened | SegmentAudio | SegmentPaused | SegmentClosed


@dataclass
class _Open:
    """Unfinished segment. ``margin``: where it ends if no more speech follows.

    ``ended``: it ends there. ``close_from``: number of stream samples from which silence alone ends it.
    ``speculate_from``: number of stream samples from which a speculation is worthwhile.
    """

    begin: int
    sent: int
    margin: int | None = None
    ended: bool = False
    speculate_from: int = _NEVER
    close_from: int = _NEVER
    number: int | None = None
    gain_db: int = 0


class Segmenter:
    """Segmenter of a single stream."""

    def __init__(self, options: SegmenterOptions | None = None) -> None:
        options = options or SegmenterOptions()
        self._pre_roll = _samples(options.pre_roll_ms)
        self._post_roll = _samples(options.post_roll_ms)
        self._noise_roll = _samples(options.noise_roll_ms)
        self._shortest = _samples(options.shortest_ms)
        self._longest = _samples(options.longest_ms)
        self._search = _samples(options.cut_search_ms)
        self._quiet = _samples(options.quiet_ms or 0)
        self._quiet_dbfs = options.quiet_dbfs
        self._keeps_all = not options.gate and options.quiet_ms is None
        self._meter = LevelMeter(_CONTRAST_BLOCKS)
        self._sounds = None if options.gate or self._keeps_all else SoundDetector(options.quiet_dbfs)
        self._spoken_dbfs = FLOOR_DBFS  # level of the last segment's speech
        self._speaking = self._loud = False
        self._spoken_to = self._loud_to = 0  # ends of the VAD's speech and of the sound
        self._kept: Samples = np.empty(0, np.int16)
        self._kept_from = 0
        self._now = 0
        self._free = 0  # first sample that is in no segment
        self._next_number = 0
        self._open = _Open(0, 0) if self._keeps_all else None
        self._out: list[SegmentOutput] = []

    @property
    def held(self) -> int:
        """Number of samples in memory: at most some seconds, for the pre-roll or for the choice of a cut."""
        return len(self._kept)

    def accept(self, samples: Samples, events: Sequence[VadEvent]) -> list[SegmentOutput]:
        """Return the output that can be sent now.

        ``events``: the VAD's events for these samples, or for the stream's end.
        """
        self._kept = np.concatenate((self._kept, samples))
        received = self._kept_from + len(self._kept)
        levels = self._meter.accept(samples)
        sounds = self._sounds.accept(levels) if self._sounds else []
        for known, event in _in_order(self._now, received, events, sounds):
            self._advance(known)
            self._track_activity(event)
            if self._open is not None:
                self._move_end(self._open, event)
        self._advance(received)
        self._forget()
        return self._drain()

    def finish(self) -> list[SegmentOutput]:
        """End the stream, after the VAD's last events were passed to ``accept``; complete the unfinished segment.

        Silence at the end counts as long silence.
        """
        while (segment := self._open) is not None:
            end = self._now if self._keeps_all else min(self._now, self._end(segment))
            self._complete(segment, end)
            self._open = self._next() if end < self._now else None
        return self._drain()

    def _track_activity(self, event: VadEvent | SoundEvent) -> None:
        match event:
            case SpeechStarted():
                self._speaking = True
                self._begin(event.at, self._now)
            case SpeechEnded():
                self._speaking, self._spoken_to = False, event.at
            case SoundBegan():
                self._loud = True
                self._begin(min(event.at, self._now - LOOKBACK), event.at)  # the VAD may find earlier speech
            case SoundCeased():
                self._loud, self._loud_to = False, event.at

    def _move_end(self, segment: _Open, event: VadEvent | SoundEvent) -> None:
        match event:
            case SpeechStarted() | SpeechResumed():
                self._resume(segment)
            case SpeechPaused():
                segment.margin, segment.speculate_from = self._margin(segment, event.at), self._now + 1
            case SpeechEnded():
                if segment.margin is None or self._keeps_all:  # otherwise the segment ends where the pause began
                    segment.margin = self._margin(segment, event.at)
                segment.ended = True
            case SoundBegan() if not (self._speaking or segment.ended):
                self._resume(segment)
            case SoundCeased() if not (self._speaking or segment.ended):
                self._end_after_silence(segment)

    def _begin(self, silent_to: int, onset_to: int) -> None:
        """Open a segment after silence to ``silent_to``; audio up to ``onset_to`` sets its gain, not a click."""
        if self._open is not None:
            return
        begin = self._free
        if self._sounds is None or self._is_long(silent_to):
            begin = max(silent_to - self._pre_roll, self._free, self._kept_from)
        self._open = _Open(begin, begin, gain_db=self._gain(begin, onset_to))

    def _gain(self, begin: int, onset_to: int) -> int:
        """Return the gain for a segment from ``begin`` on, by the speech so far: the rest is not known yet."""
        onset_dbfs = loudness(self._meter.between(begin, onset_to))
        if onset_dbfs < FAINTEST_SPEECH_DBFS:  # a room without noise tells nothing
            onset_dbfs = loudness(self._meter.between(begin, self._now))
        recent = self._meter.between(self._now - _CONTRAST_BLOCKS * BLOCK, self._now)
        return gain_for(max(onset_dbfs, self._spoken_dbfs - _ONSET_DB), float(recent.min(initial=0.0)))

    def _resume(self, segment: _Open) -> None:
        segment.margin, segment.ended = None, False
        segment.speculate_from = segment.close_from = _NEVER

    def _end_after_silence(self, segment: _Open) -> None:
        segment.margin = self._silent_from + self._pre_roll
        segment.close_from = self._silent_from + self._quiet + LOOKBACK + 1

    @property
    def _silent_from(self) -> int:
        return max(self._spoken_to, self._loud_to)

    def _is_long(self, silent_to: int) -> bool:
        return silent_to - self._silent_from > self._quiet

    def _margin(self, segment: _Open, speech_end: int) -> int:
        """Return the end of the post-roll, which is later in noise."""
        levels = self._meter.between(segment.begin, self._now)
        missing = 0.0
        if len(levels) and levels.max() >= self._quiet_dbfs:
            missing = max(0.0, _CLEAR_DB - contrast(levels))
        return speech_end + self._post_roll + min(self._noise_roll, _samples(round(missing * _MS_PER_DB)))

    def _advance(self, now: int) -> None:
        """Send everything that is allowed once ``now`` samples have arrived."""
        self._now = now
        while (segment := self._open) is not None:
            latest, end = segment.begin + self._longest, self._end(segment)
            self._speculate(segment, end, now)
            if self._is_over(segment, end, now) and end <= min(now, latest):
                self._complete(segment, end)
                self._open = self._next()
            elif now >= latest:
                cut = end if segment.begin < end <= latest else self._quiet_point(segment, latest)
                self._complete(segment, cut)
                self._open = replace(segment, begin=cut, sent=cut, number=None)
            else:
                self._send(segment, min(now, latest - self._search, end))
                return

    def _is_over(self, segment: _Open, end: int, now: int) -> bool:
        return segment.close_from <= now or (segment.ended and end + _DISCOVERY <= now)

    def _next(self) -> _Open | None:
        """Return the segment that follows immediately, if there is one."""
        segment = _Open(self._free, self._free, gain_db=self._gain(self._free, self._now))
        if self._loud or self._keeps_all:
            return segment
        if self._loud_to <= self._free:
            return None
        self._end_after_silence(segment)
        return segment

    def _end(self, segment: _Open) -> int:
        """Return where the segment ends unless speech resumes; its beginning if it has no audio to send."""
        if segment.margin is None:
            return _NEVER
        if segment.margin <= segment.begin:
            return segment.sent
        return max(segment.margin, segment.begin + self._shortest, segment.sent)

    def _speculate(self, segment: _Open, end: int, now: int) -> None:
        due = max(end, segment.speculate_from)
        if end == segment.begin or due > now or due >= segment.begin + self._longest:
            return
        segment.speculate_from = _NEVER
        self._send_all(segment, end)
        assert segment.number is not None
        self._out.append(SegmentPaused(segment.number, end - segment.begin))

    def _quiet_point(self, segment: _Open, latest: int) -> int:
        first = latest - self._search
        if segment.sent > first:  # a pause was sent up to there
            return segment.sent
        return first + quietest(self._audio(first, latest))

    def _complete(self, segment: _Open, end: int) -> None:
        self._free = end
        if end == segment.begin:
            return
        self._spoken_dbfs = loudness(self._meter.between(segment.begin, self._now))
        self._send_all(segment, end)
        assert segment.number is not None
        self._out.append(SegmentClosed(segment.number, end - segment.begin))

    def _send(self, segment: _Open, limit: int) -> None:
        while segment.sent + FRAME_SAMPLES <= limit:
            self._emit(segment, segment.sent + FRAME_SAMPLES)

    def _send_all(self, segment: _Open, end: int) -> None:
        self._send(segment, end)
        if segment.sent < end:
            self._emit(segment, end)

    def _emit(self, segment: _Open, end: int) -> None:
        if segment.number is None:
            segment.number = self._next_number
            self._next_number += 1
            self._out.append(SegmentOpened(segment.number, segment.begin, segment.gain_db))
        audio = self._audio(segment.sent, end)
        self._out.append(SegmentAudio(segment.number, segment.sent - segment.begin, audio))
        segment.sent = end

    def _audio(self, begin: int, end: int) -> Samples:
        return self._kept[begin - self._kept_from : end - self._kept_from]

    def _forget(self) -> None:
        """Drop samples that no segment can need any more."""
        needed = self._free
        if self._open is not None:
            needed = self._open.sent
        elif self._sounds is None or self._is_long(self._now - LOOKBACK):
            needed = max(self._free, self._now - LOOKBACK - self._pre_roll)
        self._kept = self._kept[max(0, needed - self._kept_from) :]
        self._kept_from = max(self._kept_from, needed)
        self._meter.forget()

    def _drain(self) -> list[SegmentOutput]:
        out, self._out = self._out, []
        return out


def _samples(milliseconds: int) -> int:
    return milliseconds * SAMPLE_RATE // 1000


def _in_order(
    now: int, received: int, events: Sequence[VadEvent], sounds: Sequence[SoundEvent]
) -> list[tuple[int, VadEvent | SoundEvent]]:
    """Return all events in order, each with the number of samples received when it became known."""
    ordered: list[tuple[int, VadEvent | SoundEvent]] = []
    for event in events:
        now = max(now, min(event.known or event.at, received))
        ordered.append((now, event))
    ordered += ((sound.known, sound) for sound in sounds)
    return sorted(ordered, key=lambda pair: pair[0])
