"""A session and the connection that speaks for it."""

from uuid import uuid4

from backend.history.records import SessionOwner
from backend.sessions.session import GatewaySession
from backend.sessions.session_slot import SessionSlot
from protocol.recognition import Options
from protocol.session import Done, Limits


def test_send_without_connection_is_ignored() -> None:
    identity = uuid4()
    hosted = SessionSlot(GatewaySession(identity, Options(), Limits()), SessionOwner("o"))
    hosted.send(Done(0, ""))
    assert hosted.identity == str(identity) and hosted.connection is None
