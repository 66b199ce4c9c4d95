"""Welcome that arrives in several messages."""

from client.segment import AudioPiece
from client.session import Session
from protocol.recognition import Options
from protocol.session import HeldSegments, MoreHeld, SegmentBegin, SegmentEnd, Welcome
from tests.client.test_session import ID, all_sent, connected, spoken


def test_welcome_in_pieces_takes_effect_with_its_last_piece() -> None:
    session = Session(ID, Options())
    for number in range(4):
        spoken(session, number, 10)
    assert session.hello().pieces
    session.receive(Welcome(ID, "g", True, segments=HeldSegments({0: 4}), more=True))
    session.receive(MoreHeld(HeldSegments(queued=(1,)), more=True))
    assert session.next() is None
    session.receive(MoreHeld(HeldSegments(ended=(2,))))
    assert all_sent(session) == [
        *(AudioPiece(0, 4, 6), SegmentEnd(0, 10)),
        *(SegmentBegin(3, 3000), AudioPiece(3, 0, 10), SegmentEnd(3, 10)),
    ]


def test_welcome_pieces_of_broken_connection_are_discarded() -> None:
    session = Session(ID, Options())
    spoken(session, 0, 10)
    session.hello()
    session.receive(Welcome(ID, "g", True, segments=HeldSegments(ended=(0,)), more=True))
    session.reset_connection()
    session.receive(MoreHeld(HeldSegments(ended=(0,))))
    assert session.next() is None
    sent = [SegmentBegin(0, 0), AudioPiece(0, 0, 10), SegmentEnd(0, 10)]
    assert all_sent(connected(session=session)) == sent
