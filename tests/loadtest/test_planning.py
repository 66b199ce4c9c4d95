"""How many workers so many people need."""

import pytest
from aiohttp import web

from client.connection import Address
from client.errors import Unreachable
from loadtest.planning import Fleet, ask_fleet, fleet, need, words
from tests.helpers.web_server import serving


def test_workers_like_those_that_are_there() -> None:
    found = need(100, Fleet((10.0, 20.0)), talk=0.5, headroom=0.5)
    assert (found.workers, found.measured, found.speed) == (2, 2, 15.0)
    assert found.workers_needed == 7, "50 s of audio per second at 7.5 each"
    assert found.carries == 30
    assert not found.enough and found.first == "workers"
    assert "Workers needed: 7" in words(found)


@pytest.mark.parametrize("streams", [1, 30, 31, 500, 2_000, 2_001, 10_000])
def test_what_is_said_to_be_needed_is_enough_and_one_less_is_not(streams: int) -> None:
    wanted = need(streams, Fleet((10.0,)))
    assert wanted.workers_needed is not None
    assert need(streams, Fleet((10.0,) * wanted.workers_needed)).enough
    assert not need(streams, Fleet((10.0,) * (wanted.workers_needed - 1))).enough
    assert wanted.gateways_needed == -(-streams // 2_000)


def test_a_worker_that_has_not_told_counts_as_the_others() -> None:
    assert need(1, Fleet((10.0, 0.0))).carries == 14
    assert need(1, Fleet((10.0, 0.0))).measured == 1


def test_nothing_known_is_said() -> None:
    found = need(10, Fleet((0.0,), streams=5.0))
    assert (found.workers_needed, found.carries) == (None, 3)
    assert "None of the workers has told" in words(found)
    assert need(10, Fleet(())).carries == 0


def test_gateways_are_too_few_first_where_workers_are_many() -> None:
    assert need(10, Fleet((10_000.0,))).first == "gateways"


@pytest.mark.parametrize("workers", [{}, {"workers": None}, {"workers": [{"state": "failed", "speed": 3}]}])
def test_what_a_gateway_does_not_say_is_not_there(workers: dict[str, object]) -> None:
    assert fleet({}, workers) == Fleet(())
    assert fleet({"streams": "many"}, workers) == Fleet(())


async def test_the_gateway_is_asked_even_if_it_is_not_ready() -> None:
    async def ready(request: web.Request) -> web.Response:
        return web.json_response({"streams": 7.5}, status=503)

    async def workers(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer k"
        return web.json_response({"workers": [{"state": "busy", "speed": 3.5}, {"state": "starting"}]})

    async with serving(web.get("/readyz", ready), web.get("/v1/workers", workers)) as url:
        assert await ask_fleet(Address(url, "k")) == Fleet((3.5,), 7.5)
    with pytest.raises(Unreachable):
        await ask_fleet(Address(url, "k"))
