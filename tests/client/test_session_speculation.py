"""Speculations of the session: texts asked for at a possible end of a segment."""

from client.segment import AudioPiece
from client.session import Session
from protocol.audio import FRAME_SAMPLES
from protocol.recognition import Options
from protocol.session import Missing, SegmentBegin, SegmentEnd, SegmentSpeculate
from tests.client.test_session import ID, all_sent, connected


def pausing(session: Session, samples: int = FRAME_SAMPLES + 7) -> Session:
    session.begin(0, 0)
    session.append(0, samples)
    session.speculate(0)
    return session


def test_speculation_is_sent_once_after_its_audio() -> None:
    session = pausing(connected())
    said = all_sent(session)
    assert said[-2:] == [AudioPiece(0, FRAME_SAMPLES, 7), SegmentSpeculate(0, FRAME_SAMPLES + 7)]
    session.speculate(0)
    assert all_sent(session) == []
    session.end(0)
    assert all_sent(session) == [SegmentEnd(0, FRAME_SAMPLES + 7)]


def test_next_pause_sends_another_speculation() -> None:
    session = pausing(connected())
    all_sent(session)
    session.append(0, FRAME_SAMPLES)
    session.speculate(0)
    assert all_sent(session) == [
        AudioPiece(0, FRAME_SAMPLES + 7, FRAME_SAMPLES),
        SegmentSpeculate(0, 2 * FRAME_SAMPLES + 7),
    ]


def test_outdated_speculation_is_not_sent() -> None:
    resumed, ended, empty = pausing(connected()), pausing(connected()), connected()
    resumed.append(0, 1)
    ended.end(0)
    empty.begin(0, 0)
    empty.speculate(0)
    empty.speculate(1)
    for session in (resumed, ended, empty):
        assert not any(isinstance(said, SegmentSpeculate) for said in all_sent(session))


def test_restarted_segment_does_not_repeat_speculation() -> None:
    for go_back in (lambda s: s.receive(Missing(0, 0)), lambda s: (s.reset_connection(), connected(session=s))):
        before, after = pausing(connected()), pausing(connected())
        go_back(before)
        all_sent(after)
        go_back(after)
        for session in (before, after):
            assert all_sent(session) == [SegmentBegin(0), AudioPiece(0, 0, FRAME_SAMPLES)]


def test_speculation_without_connection_is_dropped() -> None:
    session = pausing(Session(ID, Options()))
    assert all_sent(connected(session=session)) == [SegmentBegin(0), AudioPiece(0, 0, FRAME_SAMPLES)]
