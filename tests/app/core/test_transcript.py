"""Tests of the properties of transcripts and segments."""

from app.core.transcript import RecordingTranscript, TranscriptSegment, as_it_is


def test_transcript_joins_texts_and_lists_failures() -> None:
    transcript = RecordingTranscript(
        (
            TranscriptSegment(0, 0, 10, "Hello"),
            TranscriptSegment(1, 10, 20, error="engine died"),
            TranscriptSegment(2, 20, 30, "there"),
            TranscriptSegment(3, 30, 40, "你好"),
            TranscriptSegment(4, 40, 50, "世界"),
        ),
        50,
    )
    assert transcript.text == "Hello there 你好世界"
    assert [segment.index for segment in transcript.failures] == [1]


def test_segment_keeps_recognised_text_only_if_different() -> None:
    segment = TranscriptSegment(0, 0, 10, "the")
    assert segment.of("the") is segment
    assert segment.of("teh") == TranscriptSegment(0, 0, 10, "the", recognised="teh")
    assert as_it_is("teh") == "teh"


def test_empty_transcript_has_no_text_and_no_failures() -> None:
    assert RecordingTranscript((), 0).text == ""
    assert RecordingTranscript((), 0).failures == ()


def test_text_has_line_breaks_between_its_segments_only() -> None:
    """Replacement rules write them; at the ends, a list and an export have no use for them."""
    said = ("\n", "\nDear Anna,\n", "Thank you.", "\n", "Bye.\n", "\n")
    transcript = RecordingTranscript(
        tuple(TranscriptSegment(number, number, number + 1, text) for number, text in enumerate(said)), 6
    )
    assert transcript.text == "Dear Anna,\nThank you.\nBye."
    assert transcript.parts == ["", "Dear Anna,\n", "Thank you.", "\n", "Bye.", ""]
    assert RecordingTranscript(transcript.segments[:1], 1).text == ""
