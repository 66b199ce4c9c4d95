"""Test the routes without a history, and the document."""

import aiohttp
import msgspec
from aiohttp import web

from backend.gateway import Gateway
from backend.rest.openapi import document
from backend.rest.routes import rest_routes
from backend.rest.session_operations import SESSIONS
from tests.backend.conftest import KEY
from tests.backend.rest.world import World

ID = "85da4cee-3bcb-495c-ba6e-34fd93a926c3"


async def test_routes_without_history_explain_how_to_enable_it(gateway: Gateway) -> None:
    keyed = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession() as http:
        for one in SESSIONS:
            url = gateway.url + one.path.replace("{id}", ID)
            async with http.request(one.method, url, headers=keyed) as response:
                error = (await response.json())["error"]
                assert (response.status, error["code"]) == (501, "history_off"), one.name
                assert "--history" in error["message"]
            async with http.request(one.method, url) as response:
                assert response.status == 401, one.name


async def test_document_needs_no_key(gateway: Gateway) -> None:
    async with aiohttp.ClientSession() as http, http.get(gateway.url + "/v1/openapi.json") as response:
        assert await response.json() == msgspec.json.decode(msgspec.json.encode(document()))


async def test_routes_are_equal_with_and_without_history(world: World) -> None:
    def named(routes: list[web.RouteDef]) -> set[tuple[str, str]]:
        return {(route.method, route.path) for route in routes}

    assert named(rest_routes(world.history, world.runner)) == named(rest_routes(None, None))
