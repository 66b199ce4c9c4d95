"""Texts and times stay together, even after edits."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.core.word_times import (
    TimedRange,
    edited_transcript,
    range_at,
    spoken,
    spoken_in,
    time_of,
    with_later_texts,
)
from protocol.recognition import Word

WORDS = (Word("Hello", 0, 300), Word(" there", 300, 700))
TALK = RecordingTranscript(
    (
        TranscriptSegment(0, 1_000, 2_000, "Hello there.", "en", WORDS),
        TranscriptSegment(1, 2_000, 3_000, error="it died"),
        TranscriptSegment(2, 3_000, 4_000, "今天天气很好。", "zh"),
        TranscriptSegment(3, 4_000, 5_000, "ok then", "en"),
    ),
    6_000,
)
TEXTS = st.text("天气好 ab,", max_size=12)


def test_spoken_returns_words_or_whole_segments() -> None:
    assert TALK.text == "Hello there. 今天天气很好。ok then"
    found = spoken(TALK)
    assert found == (
        TimedRange(1_000, 1_300, 0, 5),
        TimedRange(1_300, 1_700, 6, 11),
        TimedRange(3_000, 4_000, 13, 20),
        TimedRange(4_000, 5_000, 20, 27),
    )
    assert [TALK.text[one.first : one.last] for one in found] == ["Hello", "there", "今天天气很好。", "ok then"]


def test_spoken_leaves_out_words_missing_from_text() -> None:
    words = (Word("twenty", 0, 1), Word("five", 1, 2), Word("apples", 2, 3))
    transcript = RecordingTranscript((TranscriptSegment(0, 0, 5, "25 apples", words=words),), 5)
    assert spoken(transcript) == (TimedRange(2, 3, 3, 9),)


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [(0, None), (999.9, None), (1_000, 0), (1_299, 0), (1_300, 1), (2_500, 1), (3_500, 2), (99_999, 3)],
)
def test_said_at_returns_current_or_last_range(milliseconds: float, expected: int | None) -> None:
    found = spoken(TALK)
    assert range_at(found, milliseconds) == (None if expected is None else found[expected])


def test_when_said_returns_time_of_position() -> None:
    times = [time_of(spoken(TALK), place) for place in (0, 5, 6, 14, 26, 99)]
    assert times == [1_000, 1_000, 1_300, 3_000, 4_000, 4_000]
    assert time_of((), 3) == 0


@pytest.mark.parametrize(
    ("text", "first", "third", "fourth"),
    [
        ("Hello there. 今天天气很好。ok then", "Hello there.", "今天天气很好。", "ok then"),
        ("Hullo there! 今天天气不好。ok", "Hullo there!", "今天天气不好。", "ok"),
        ("Hello there. And more. 今天天气很好。ok then", "Hello there. And more.", "今天天气很好。", "ok then"),
        ("今天天气很好。", "", "今天天气很好。", ""),
        ("Well. Hello there. 今天很好。ok then", "Well. Hello there.", "今天很好。", "ok then"),
        ("", "", "", ""),
    ],
)
def test_edited_text_keeps_segment_times(text: str, first: str, third: str, fourth: str) -> None:
    new = edited_transcript(TALK, text)
    assert [segment.text for segment in new.segments] == [first, "", third, fourth]
    assert [one.start_ms for one in new.segments] == [one.start_ms for one in TALK.segments]
    assert new.segments[0].words == (WORDS if first == "Hello there." else ())
    assert new.segments[1] == TALK.segments[1]


def test_edited_replacement_of_segments_spans_their_time() -> None:
    new = edited_transcript(TALK, "nothing alike")
    assert [(one.start_ms, one.end_ms) for one in new.segments if one.text] == [(1_000, 5_000)]


def test_edited_text_spans_take_when_nothing_was_recognised() -> None:
    failed = TranscriptSegment(0, 0, 900, error="it died")
    assert edited_transcript(RecordingTranscript((failed,), 1_000), "typed") == RecordingTranscript(
        (TranscriptSegment(0, 0, 1_000, "typed"), failed), 1_000
    )
    assert edited_transcript(RecordingTranscript((), 1_000), " ") == RecordingTranscript((), 1_000)


@given(st.lists(TEXTS, max_size=5), TEXTS)
def test_edited_keeps_every_character(said: list[str], text: str) -> None:
    segments = tuple(
        TranscriptSegment(number, number, number + 1, part.strip()) for number, part in enumerate(said)
    )
    new = edited_transcript(RecordingTranscript(segments, 9), text)
    assert "".join("".join(segment.text for segment in new.segments).split()) == "".join(text.split())
    assert all(segment.text == segment.text.strip() for segment in new.segments)


@pytest.mark.parametrize(
    ("known", "text", "whole"),
    [
        ({0, 2, 3}, "Hello, you.  今天", "Hello, you.  今天"),
        ({0}, "Hi there!", "Hi there! 今天天气很好。ok then"),
        ({2}, "今天天气不好。", "Hello there. 今天天气不好。ok then"),
        ({0, 3}, "Hello there.\nokay then", "Hello there. 今天天气很好。\nokay then"),
        ({3}, "then", "Hello there. 今天天气很好。then"),
        (set[int](), "mine", "mine Hello there. 今天天气很好。ok then"),
    ],
)
def test_later_texts_stand_in_their_places_within_an_edit(known: set[int], text: str, whole: str) -> None:
    assert with_later_texts(TALK, text, known) == whole


@given(st.lists(TEXTS, max_size=5), TEXTS, st.sets(st.integers(0, 4)))
def test_later_texts_leave_every_character_of_an_edit(said: list[str], text: str, known: set[int]) -> None:
    segments = tuple(
        TranscriptSegment(number, number, number + 1, part.strip()) for number, part in enumerate(said)
    )
    whole = with_later_texts(RecordingTranscript(segments, 9), text, known)
    later = "".join(one.text for one in segments if one.index not in known)
    assert Counter("".join(whole.split())) == Counter("".join(f"{text}{later}".split()))


@given(st.lists(TEXTS, max_size=5))
def test_spoken_ranges_match_segment_texts(said: list[str]) -> None:
    segments = tuple(TranscriptSegment(number, number, number + 1, part) for number, part in enumerate(said))
    transcript = RecordingTranscript(segments, 9)
    texts = [transcript.text[one.first : one.last] for one in spoken(transcript)]
    assert texts == [part.strip() for part in said if part.strip()]


def followed(text: str) -> list[tuple[int, str]]:
    return [(one.start_ms, text[one.first : one.last]) for one in spoken_in(TALK, text)]


def test_spoken_in_maps_edited_text_to_times() -> None:
    assert followed(TALK.text) == [
        (1_000, "Hello"),
        (1_300, "there"),
        (3_000, "今天天气很好。"),
        (4_000, "ok then"),
    ]
    assert followed("Well, Hello my friend. 今天天气很好。ok then") == [
        (1_000, "Hello"),
        (1_300, "my friend"),
        (3_000, "今天天气很好。"),
        (4_000, "ok then"),
    ]
    assert followed("there. 今天天汽不坏。ok") == [(1_300, "there"), (3_000, "今天天汽不坏。"), (4_000, "ok")]
    assert followed("x") == [(1_000, "x")]
    assert followed("") == []
    assert spoken_in(RecordingTranscript((), 5), "typed") == ()


@given(TEXTS)
def test_spoken_in_returns_ordered_ranges_within_text(text: str) -> None:
    found = spoken_in(TALK, text)
    places = [place for one in found for place in (one.first, one.last)]
    assert places == sorted(places) and all(0 <= place <= len(text) for place in places)
    assert all(one.first < one.last and one.start_ms <= one.end_ms for one in found)
    assert [one.start_ms for one in found] == sorted(one.start_ms for one in found)
