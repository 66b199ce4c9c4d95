"""The earlier server's WebSocket in front of a gateway's sessions."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web

from backend.core.refusal import Refusal
from backend.dialects.earlier.conversation import ANSWER_S, earlier_routes
from backend.dialects.sessions import DialectSessions
from backend.gateway import Gateway
from backend.http.access import ACCESS
from tests.backend.conftest import KEY
from tests.helpers.earlier_client import EarlierClient, earlier_client
from tests.helpers.web_server import serving_app

Connect = Callable[..., AbstractAsyncContextManager[EarlierClient]]


@pytest.fixture
async def connect(gateway: Gateway, sessions: DialectSessions) -> Connect:
    """Return a function that connects a client to a server.

    ``answer_s``: when its whole text is due. ``refusal``: why no recording may begin.
    """

    @asynccontextmanager
    async def connected(
        answer_s: float = ANSWER_S, refusal: Refusal | None = None
    ) -> AsyncIterator[EarlierClient]:
        app, refusals = web.Application(), iter([None])  # the connection itself is admitted
        app[ACCESS] = gateway.access
        used = DialectSessions(sessions.hub, lambda visit: next(refusals, refusal)) if refusal else sessions
        app.add_routes(earlier_routes(used, answer_s))
        async with serving_app(app) as url, earlier_client(url, KEY) as client:
            yield client

    return connected
