"""Plan of the second pass: every piece is in one span, for one window, of at most 25 s."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transcription.span_planner import (
    Span,
    SpanPlanner,
    SpanRules,
    VadPosition,
)
from protocol.audio import SAMPLE_RATE
from speech.segmenter import SegmentAudio, SegmentClosed, SegmentOpened, SegmentOutput, SegmentPaused

SECOND = SAMPLE_RATE
LONGEST, PAUSE, SHORT_TAIL = 25 * SECOND, 2 * SECOND, SECOND // 2
AT_END_MS, AT_PAUSE_MS = 1_500, 2_000
Planned = SegmentOutput | Span


@dataclass
class Recording:
    """A recording whose pieces are spoken one by one."""

    offered: bool = True
    key_down: bool = False
    windows: dict[int, int] = field(default_factory=dict)
    windowed: bool = False
    out: list[Planned] = field(default_factory=list)

    def __post_init__(self) -> None:
        window = self.windows.get if self.windowed else lambda piece: 0
        rules = SpanRules(lambda: self.key_down, lambda: self.offered, window)
        self._planner = SpanPlanner(rules)
        self._number = -1
        self._at = 0
        self._spoken = 0

    def hear(
        self, outputs: Sequence[SegmentOutput] = (), *, silence: int = 0, over: bool = False
    ) -> list[Planned]:
        new = list(self._planner.accept(outputs, VadPosition(self._at, silence, over)))
        self.out += new
        return new

    def begin(self, gain_db: int = 0) -> list[Planned]:
        self._number += 1
        self._spoken = 0
        return self.hear([SegmentOpened(self._number, self._at, gain_db), self._audio()])

    def speak(self, samples: int) -> list[Planned]:
        self._at += samples
        self._spoken += samples
        return self.hear([SegmentPaused(self._number, self._spoken)])

    def end(self, more: int = 0, *, over: bool = False) -> list[Planned]:
        self._at += more
        self._spoken += more
        return self.hear([SegmentClosed(self._number, self._spoken)], over=over)

    def piece(self, samples: int, gain_db: int = 0) -> list[Planned]:
        return [*self.begin(gain_db), *self.speak(samples), *self.end()]

    def pause(self, samples: int) -> list[Planned]:
        self._at += samples
        return self.hear(silence=samples)

    def finish(self) -> list[Planned]:
        return self.hear(over=True)

    def _audio(self) -> SegmentAudio:
        return SegmentAudio(self._number, 0, np.zeros(1, np.int16))

    @property
    def spans(self) -> list[Span]:
        return [each for each in self.out if isinstance(each, Span)]


def test_pieces_without_a_long_pause_become_one_span() -> None:
    recording = Recording()
    recording.piece(SECOND)
    recording.pause(PAUSE - 1)
    recording.piece(2 * SECOND)
    assert recording.pause(PAUSE) == [Span((0, 1), 2, 0, 5 * SECOND - 1, AT_PAUSE_MS)]
    begun, audio = recording.begin()
    assert begun == SegmentOpened(3, 7 * SECOND - 1)
    assert isinstance(audio, SegmentAudio) and audio.segment == 3
    assert recording.speak(SECOND) == [SegmentPaused(3, SECOND)]


def test_span_has_the_gain_of_its_loudest_piece() -> None:
    recording = Recording()
    for gain_db in (12, 6):
        recording.piece(SECOND, gain_db)
    (span,) = recording.finish()
    assert isinstance(span, Span) and span.gain_db == 6
    assert [each.gain_db for each in recording.out if isinstance(each, SegmentOpened)] == [12, 6]


def test_single_piece_needs_no_span() -> None:
    recording = Recording()
    recording.piece(SECOND)
    assert recording.pause(PAUSE) == [Span((0,), None, 0, 0, 0, None, 0)]


def test_pause_ends_no_span_while_the_key_is_down() -> None:
    recording = Recording(key_down=True)
    recording.piece(SECOND)
    recording.piece(SECOND)
    assert recording.pause(PAUSE) == []
    assert recording.finish() == [Span((0, 1), 2, 0, 2 * SECOND, AT_END_MS)]


def test_end_of_last_piece_follows_the_span() -> None:
    recording = Recording()
    recording.piece(SECOND)
    recording.begin()
    recording.speak(SHORT_TAIL)
    (span,) = recording.end(over=True)
    assert span == Span((0, 1), 2, 0, SECOND + SHORT_TAIL, AT_END_MS, SegmentClosed(1, SHORT_TAIL))
    assert isinstance(span, Span) and not span.waits


def test_short_tail_waits_for_the_span_but_not_alone() -> None:
    recording = Recording()
    recording.piece(SECOND)
    recording.begin()
    recording.speak(SHORT_TAIL - 1)
    (span,) = recording.end(over=True)
    assert isinstance(span, Span) and span.waits
    alone = Recording()
    alone.begin()
    alone.speak(100)
    (span,) = alone.end(over=True)
    assert span == Span((0,), tail=SegmentClosed(0, 100)) and isinstance(span, Span) and not span.waits


def test_only_the_very_last_end_is_kept_as_a_tail() -> None:
    recording = Recording()
    recording.begin()
    ends = [SegmentClosed(0, SECOND), SegmentClosed(1, SECOND)]
    heard = recording.hear([ends[0], SegmentOpened(1, SECOND), ends[1]], over=True)
    span = Span((0, 1), 2, 0, 2 * SECOND, AT_END_MS, ends[1])
    assert heard == [ends[0], SegmentOpened(1, SECOND), span]


def test_span_ends_before_it_gets_longer_than_25_s() -> None:
    recording = Recording()
    recording.pause(SECOND)
    recording.piece(10 * SECOND)
    recording.piece(10 * SECOND)
    recording.begin()
    assert not [each for each in recording.speak(5 * SECOND - 1) if isinstance(each, Span)]
    assert recording.speak(1)[-1] == Span((0, 1), 3, SECOND, 20 * SECOND, AT_PAUSE_MS)


@pytest.mark.parametrize(("more", "pieces"), [(0, [(0, 1)]), (1, [(0,), (1,)])])
def test_piece_that_ends_between_two_looks_fits_into_25_s(more: int, pieces: list[tuple[int, ...]]) -> None:
    recording = Recording()
    recording.pause(SECOND)
    recording.piece(10 * SECOND)
    recording.begin()
    recording.end(15 * SECOND + more)
    recording.finish()
    assert [span.pieces for span in recording.spans] == pieces


def test_silence_ends_a_span_of_25_s_while_the_key_is_down() -> None:
    recording = Recording(key_down=True)
    recording.piece(SECOND)
    recording.piece(SECOND)
    assert recording.pause(LONGEST - 2 * SECOND - 1) == []
    assert recording.pause(1) == [Span((0, 1), 2, 0, 2 * SECOND, AT_PAUSE_MS)]


def test_pieces_are_released_at_once_without_an_offer() -> None:
    recording = Recording(offered=False)
    assert recording.piece(SECOND)[-1] == Span((0,))
    recording.offered = True
    recording.piece(SECOND)
    recording.piece(SECOND)
    recording.offered = False
    assert recording.pause(1) == [Span((1, 2))]


def test_span_ends_when_the_speaker_has_left_the_window() -> None:
    recording = Recording(windows={0: 7, 1: 7, 2: 8}, windowed=True)
    recording.piece(SECOND)
    recording.piece(SECOND)
    assert recording.begin()[-1] == Span((0, 1), 3, 0, 2 * SECOND, AT_PAUSE_MS)


def test_piece_whose_window_is_unknown_is_in_no_span() -> None:
    recording = Recording(windows={0: 7, 2: 7}, windowed=True)
    for _ in range(3):
        recording.piece(SECOND)
    assert [span.pieces for span in recording.finish() if isinstance(span, Span)] == [(0,), (1,), (2,)]


STEPS = st.sampled_from(["short", "piece", "long", "pause", "silence", "key", "offer"])


@given(st.lists(STEPS, max_size=40), st.lists(st.integers(0, 2), min_size=40, max_size=40), st.booleans())
def test_every_piece_is_in_one_span_under_numbers_without_gaps(
    steps: list[str], windows: list[int], windowed: bool
) -> None:
    recording = Recording(windows={n: each for n, each in enumerate(windows) if each}, windowed=windowed)
    lengths = {"short": SECOND // 4, "piece": 3 * SECOND, "long": 30 * SECOND}
    for step in steps:
        match step:
            case "pause":
                recording.pause(SECOND)
            case "silence":
                recording.pause(3 * SECOND)
            case "key":
                recording.key_down = not recording.key_down
            case "offer":
                recording.offered = not recording.offered
            case _:
                recording.piece(lengths[step])
    recording.begin()
    recording.speak(SECOND // 4)
    recording.end(over=True)
    assert_sound(recording)


def assert_sound(recording: Recording) -> None:
    begins = {each.segment: each.at for each in recording.out if isinstance(each, SegmentOpened)}
    ends = {each.segment: each.samples for each in recording.out if isinstance(each, SegmentClosed)}
    tails = {span.tail.segment: span.tail.samples for span in recording.spans if span.tail}
    assert not ends.keys() & tails.keys()
    ends |= tails
    assert ends.keys() == begins.keys()
    numbers = [
        each.segment
        for each in recording.out
        if isinstance(each, SegmentOpened) or (isinstance(each, Span) and each.segment is not None)
    ]
    assert numbers == list(range(len(numbers))), "the client begins its segments in the order of their numbers"
    assert [piece for span in recording.spans for piece in span.pieces] == sorted(begins)
    for span in recording.spans:
        first, last = span.pieces[0], span.pieces[-1]
        assert span.tail is None or span.tail.segment == last
        if span.segment is not None:
            assert len(span.pieces) > 1
            assert (span.at, span.at + span.samples) == (begins[first], begins[last] + ends[last])
            assert span.samples <= LONGEST
            windows = {recording.windows.get(piece) for piece in span.pieces}
            assert not recording.windowed or (len(windows) == 1 and None not in windows)
