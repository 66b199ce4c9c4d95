"""Tests of the properties of transcripts and segments."""

from app.core.transcript import Segment, Transcript, as_it_is


def test_transcript_joins_texts_and_lists_failures() -> None:
    transcript = Transcript(
        (
            Segment(0, 0, 10, "Hello"),
            Segment(1, 10, 20, error="engine died"),
            Segment(2, 20, 30, "there"),
            Segment(3, 30, 40, "你好"),
            Segment(4, 40, 50, "世界"),
        ),
        50,
    )
    assert transcript.text == "Hello there 你好世界"
    assert [segment.index for segment in transcript.failures] == [1]


def test_segment_keeps_recognised_text_only_if_different() -> None:
    segment = Segment(0, 0, 10, "the")
    assert segment.of("the") is segment
    assert segment.of("teh") == Segment(0, 0, 10, "the", recognised="teh")
    assert as_it_is("teh") == "teh"


def test_empty_transcript_has_no_text_and_no_failures() -> None:
    assert Transcript((), 0).text == ""
    assert Transcript((), 0).failures == ()
