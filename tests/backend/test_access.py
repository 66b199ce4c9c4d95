"""Who may come in, over real sockets."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from backend.access import errors_as_json, refusal_response
from backend.admission import AdmissionLimits, Refusal
from backend.gateway import Gateway, running_gateway
from backend.settings import GatewaySettings
from tests.backend.conftest import KEY
from tests.backend.wire import Wire, connected
from tests.helpers.valkey import Broker

RIGHT = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        (RIGHT, "", 200),
        ({"Authorization": f"bearer  {KEY}"}, "", 200),
        ({}, f"?api_key={KEY}", 200),
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"Authorization": f"Basic {KEY}"}, "", 401),
        ({"Authorization": "Bearer ключ"}, "", 401),
        ({}, "?api_key=", 401),
        (RIGHT | {"Origin": "https://evil.example"}, "", 403),
        (RIGHT | {"Origin": "null"}, "", 403),
        ({"Origin": "https://evil.example"}, "", 403),
    ],
)
async def test_keys_and_origins(
    gateway: Gateway, http: aiohttp.ClientSession, headers: dict[str, str], query: str, status: int
) -> None:
    async with http.get(f"{gateway.url}/v1/workers{query}", headers=headers) as response:
        assert response.status == status
        body = await response.json()
    assert ("error" in body) == (status != 200)
    if status != 200:
        assert body["error"]["code"] == {401: "unauthorised", 403: "forbidden"}[status]
        assert KEY not in body["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/stream", "/v1/monitor", "/v1/models", "/v1/workers"])
async def test_everything_but_health_needs_the_key(
    gateway: Gateway, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(gateway.url + path) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_does_not(gateway: Gateway, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(gateway.url + path) as response:
        assert response.status in (200, 503)


async def test_the_websocket_is_refused_before_it_is_one(gateway: Gateway) -> None:
    for headers, status in (({}, 401), (RIGHT | {"Origin": "http://127.0.0.1"}, 403)):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url, headers=headers):
                pass
        assert refused.value.status == status


async def test_an_origin_can_be_allowed(broker: Broker, http: aiohttp.ClientSession) -> None:
    page = "https://dictate.example"
    settings = GatewaySettings(redis=broker.url, key=KEY, origins=frozenset({page}))
    async with (
        running_gateway(settings) as gateway,
        http.get(gateway.url + "/v1/workers", headers=RIGHT | {"Origin": page}) as response,
    ):
        assert response.status == 200


async def test_without_a_key_nobody_is_asked_for_one(broker: Broker) -> None:
    async with running_gateway(GatewaySettings(redis=broker.url)) as gateway, connected(gateway.url):
        pass


async def test_a_session_belongs_to_its_key(broker: Broker) -> None:
    async with (
        running_gateway(GatewaySettings(redis=broker.url, key="one")) as one,
        running_gateway(GatewaySettings(redis=broker.url, key="two")) as two,
        connected(one.url, "one") as wire,
        Wire(two.url, "two", wire.session) as thief,
    ):
        await thief.text(f'{{"type":"hello","session":"{wire.session}","resume":true}}')
        assert await thief.until_closed() == 4403


async def test_one_connection_too_many(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, admission=AdmissionLimits(sessions=1))
    async with running_gateway(settings) as gateway, connected(gateway.url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url):
                pass
    assert refused.value.status == 429
    assert refused.value.headers is not None and int(refused.value.headers["Retry-After"]) >= 5


async def test_an_unknown_path_is_an_error_like_any_other(gateway: Gateway, http: aiohttp.ClientSession) -> None:
    async with http.get(gateway.url + "/nothing") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")
    async with http.post(gateway.url + "/healthz") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (405, "malformed")


async def test_a_bug_says_nothing_of_the_inside() -> None:
    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError("the secret inside")

    app = web.Application(middlewares=[errors_as_json])
    app.router.add_get("/", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/") as response:
            assert response.status == 500
            assert "secret" not in await response.text()
    finally:
        await runner.cleanup()


def test_not_all_come_back_at_the_same_moment() -> None:
    waits = {int(refusal_response(Refusal(503, "busy", 10.0)).headers["Retry-After"]) for _ in range(200)}
    assert min(waits) >= 10 and max(waits) <= 20 and len(waits) > 3
