"""Next message of a segment."""

from client.segment import AudioPiece, OpenSegment
from protocol.audio import FRAME_SAMPLES
from protocol.session import SegmentBegin, SegmentDetails, SegmentEnd, SegmentSpeculate


def test_segment_sends_its_details_its_audio_and_its_end() -> None:
    segment = OpenSegment(7, SegmentDetails(language="zh"), held=FRAME_SAMPLES + 5, complete=True)
    assert segment.next(3) == SegmentBegin(3, 7, language="zh")
    segment.mark_sent(SegmentBegin(3, 7))
    assert segment.next(3) == AudioPiece(3, 0, FRAME_SAMPLES)
    segment.sent = FRAME_SAMPLES
    assert segment.next(3) == AudioPiece(3, FRAME_SAMPLES, 5)
    segment.sent += 5
    assert segment.next(3) == SegmentEnd(3, FRAME_SAMPLES + 5)
    segment.mark_sent(SegmentEnd(3, FRAME_SAMPLES + 5))
    assert segment.next(3) is None


def test_segment_waits_for_a_whole_frame_unless_a_speculation_is_due() -> None:
    segment = OpenSegment(0, begun=True, held=5)
    assert segment.next(0) is None
    segment.speculated, segment.speculation_due = 5, True
    assert segment.next(0) == AudioPiece(0, 0, 5)
    segment.sent = 5
    assert segment.next(0) == SegmentSpeculate(0, 5)
    segment.mark_sent(SegmentSpeculate(0, 5))
    assert segment.next(0) is None
