"""Segments that replace others: they are sent first, and only their own audio counts as unsent."""

from client.segment import AudioPiece
from client.session import Session
from protocol.recognition import Options
from protocol.session import SegmentBegin, SegmentDetails, SegmentEnd, Welcome
from tests.client.test_session import ID, all_sent, connected, spoken

BOTH = SegmentDetails(replaces=(0, 1), within_ms=500)


def spanned(session: Session, number: int, samples: int) -> None:
    """Begin and end a segment that replaces segments 0 and 1."""
    session.begin(number, 0, BOTH)
    session.append(number, samples)
    session.end(number)


def test_session_offers_spans_only_while_connected_to_a_gateway_that_takes_them() -> None:
    session = Session(ID, Options())
    offered = [session.spans]
    session.hello()
    session.receive(Welcome(ID, "g", True, spans=True))
    offered.append(session.spans)
    session.reset_connection()
    offered.append(session.spans)
    offered.append(connected(session=session).spans)
    assert offered == [False, True, False, False]


def test_span_is_sent_before_the_end_of_an_earlier_segment() -> None:
    session = connected()
    session.begin(0, 0)
    session.append(0, 10)
    spoken(session, 1, 20)
    spanned(session, 2, 30)
    assert session.next() == SegmentBegin(2, 0, replaces=(0, 1), within_ms=500)
    assert all_sent(session)[:2] == [AudioPiece(2, 0, 30), SegmentEnd(2, 30)]


def test_span_is_sent_first_when_a_gateway_knows_nothing() -> None:
    session = connected()
    spoken(session, 0, 10)
    spoken(session, 1, 20)
    spanned(session, 2, 30)
    all_sent(session)
    session.reset_connection()
    sent = all_sent(connected(session=session))
    assert [message.segment for message in sent if isinstance(message, SegmentEnd)] == [2, 0, 1]


def test_span_adds_nothing_to_unsent_audio() -> None:
    session = connected()
    spoken(session, 0, 10)
    spoken(session, 1, 20)
    spanned(session, 2, 30)
    assert session.unsent_samples == 30
