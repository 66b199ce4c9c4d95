"""Checks of what a client sends."""

import pytest

from backend.sessions.checks import check_hello, check_replaces, no_room
from backend.sessions.segments import Segment
from protocol.errors import OutOfOrder, UnsupportedFormat
from protocol.session import AudioFormat, Hello, Limits, SegmentBegin, SegmentDetails
from tests.backend.session_steps import ID


def test_hello_must_be_first_message() -> None:
    assert check_hello(Hello(ID)) == Hello(ID)
    with pytest.raises(OutOfOrder):
        check_hello(SegmentBegin(0))


@pytest.mark.parametrize("audio", [AudioFormat(rate=8_000), AudioFormat(codec="opus")])
def test_other_audio_is_not_supported(audio: AudioFormat) -> None:
    with pytest.raises(UnsupportedFormat, match="pcm16 at 16000"):
        check_hello(Hello(ID, audio=audio))


@pytest.mark.parametrize("replaces", [(4,), (0, 4), (5,), (1, 0), (1, 1)])
def test_span_replaces_only_earlier_segments_each_once(replaces: tuple[int, ...]) -> None:
    with pytest.raises(OutOfOrder, match="ascending"):
        check_replaces(4, replaces, None)


def test_repeated_beginning_names_the_same_segments() -> None:
    span = Segment(details=SegmentDetails(replaces=(0, 1)))
    check_replaces(2, (0, 1), span)
    for replaces in ((), (0,)):
        with pytest.raises(OutOfOrder, match="begun already"):
            check_replaces(2, replaces, span)


def test_segment_with_audio_does_not_become_span() -> None:
    check_replaces(2, (0,), Segment())
    with pytest.raises(OutOfOrder, match="begun already"):
        check_replaces(2, (0,), Segment(held=1))


def test_refused_length_names_the_limit() -> None:
    limits = Limits(segment_s=30.0, window_s=40.0)
    assert "longer than 30 s" in str(no_room(limits, 0, 30 * 16_000 + 1))
    assert "more than 70 s" in str(no_room(limits, 0, 30 * 16_000))
