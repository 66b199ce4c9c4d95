"""A session and the connection that speaks for it."""

from uuid import UUID, uuid4

import pytest

from backend.history.records import SessionOwner
from backend.sessions.session import GatewaySession
from backend.sessions.session_slot import SessionSlot
from protocol.errors import Forbidden
from protocol.recognition import Options
from protocol.session import Done, Hello, Limits
from tests.backend.sessions.test_hub import Scene


def test_send_without_connection_is_ignored() -> None:
    identity = uuid4()
    hosted = SessionSlot(GatewaySession(identity, Options(), Limits()), SessionOwner("o"))
    hosted.send(Done(0, ""))
    assert hosted.identity == str(identity) and hosted.connection is None


async def test_session_is_not_given_to_another_key_when_the_broker_has_forgotten_it() -> None:
    """The broker would accept any key then, and the results that wait here would go to that one."""
    scene = Scene()
    hosted = await scene.begin()
    scene.jobs.attaches = True
    with pytest.raises(Forbidden):
        await scene.hub.bind(Hello(UUID(hosted.identity), resume=True), SessionOwner("p"), scene.connection)
    assert scene.commands == ["submit"], "the broker gets no other command"
    assert hosted.connection is scene.connection
