"""Sessions that are resumed at the gateway that still holds them."""

from uuid import UUID

from backend.history.records import SessionOwner
from backend.sessions.connection import ClientConnection
from protocol.recognition import Options
from protocol.session import Hello
from tests.backend.sessions.test_hub import FakeSocket, Scene


async def test_session_uses_the_options_with_which_it_is_resumed() -> None:
    scene = Scene()
    hosted = await scene.speak(100)
    scene.jobs.attaches = True
    hello = Hello(UUID(hosted.identity), options=Options(language="mi"), resume=True)
    again = await scene.hub.bind(hello, SessionOwner("o"), ClientConnection(FakeSocket(), 100_000, 10.0))
    assert again is hosted
    assert hosted.session.options == Options(language="mi")
