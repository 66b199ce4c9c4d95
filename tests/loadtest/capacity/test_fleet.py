"""Estimate of the workers that a number of speakers needs."""

import pytest
from aiohttp import web

from client.connection import Address, Locate, fixed_locator
from client.errors import Unreachable
from loadtest.capacity.fleet import SPEAKING, Fleet, ask_fleet, describe_need, fleet, need, speakers_carried
from loadtest.core.errors import LoadTestError
from loadtest.core.gateway import WORKERS
from tests.helpers.web_server import serving


def test_need_is_computed_from_existing_workers() -> None:
    found = need(100, Fleet((10.0, 20.0)), talk=0.5, headroom=0.5)
    assert (found.workers, found.measured, found.speed) == (2, 2, 15.0)
    assert found.workers_needed == 7, "50 s of audio per second at 7.5 each"
    assert found.carries == 30
    assert not found.enough and found.first == "workers"
    assert "Workers needed: 7" in describe_need(found)


@pytest.mark.parametrize("streams", [1, 30, 31, 500, 2_000, 2_001, 10_000])
def test_needed_workers_suffice_and_one_less_does_not(streams: int) -> None:
    wanted = need(streams, Fleet((10.0,)))
    assert wanted.workers_needed is not None
    assert need(streams, Fleet((10.0,) * wanted.workers_needed)).enough
    assert not need(streams, Fleet((10.0,) * (wanted.workers_needed - 1))).enough
    assert wanted.gateways_needed == -(-streams // SPEAKING)


def test_gateway_has_no_more_connections_than_its_limit() -> None:
    assert need(2_001, Fleet((10.0,)), talk=0.1).gateways_needed == 2


def test_worker_of_unknown_speed_counts_as_the_average() -> None:
    assert need(1, Fleet((10.0, 0.0))).carries == 14
    assert need(1, Fleet((10.0, 0.0))).measured == 1


def test_need_without_known_speeds_says_so() -> None:
    found = need(10, Fleet((0.0,), streams=5.0))
    assert (found.workers_needed, found.carries) == (None, 3)
    assert "None of the workers has reported" in describe_need(found)
    assert need(10, Fleet(())).carries == 0


def test_gateways_are_the_bottleneck_with_many_workers() -> None:
    assert need(10, Fleet((10_000.0,))).first == "gateways"


@pytest.mark.parametrize("workers", [{}, {"workers": None}, {"workers": [{"state": "failed", "speed": 3}]}])
def test_fleet_tolerates_missing_fields(workers: dict[str, object]) -> None:
    assert fleet({}, workers) == Fleet(())
    assert fleet({"streams": "many"}, workers) == Fleet(())


async def test_fleet_is_queried_even_if_gateway_is_not_ready() -> None:
    async def ready(request: web.Request) -> web.Response:
        return web.json_response({"streams": 7.5}, status=503)

    async def workers(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer k"
        return web.json_response({"workers": [{"state": "busy", "speed": 3.5}, {"state": "starting"}]})

    async with serving(web.get("/readyz", ready), web.get("/v1/workers", workers)) as url:
        assert await ask_fleet(Address(url, "k")) == Fleet((3.5,), 7.5)
    with pytest.raises(Unreachable):
        await ask_fleet(Address(url, "k"))


def test_speeds_are_known_once_every_able_worker_has_one() -> None:
    fast, new, away = ({"state": "idle", "speed": 9.0}, {"state": "busy", "speed": 0.0}, {"state": "draining"})
    assert fleet({}, {"workers": [fast, away]}).speeds_known
    assert not fleet({}, {"workers": [fast, new]}).speeds_known
    assert not fleet({}, {"workers": []}).speeds_known and not fleet({}, {}).speeds_known


async def test_capacity_is_the_load_that_workers_carry(locate: Locate) -> None:
    assert 10 < await speakers_carried(locate, 60.0) < 100


async def test_fleet_that_reports_nothing_has_no_capacity() -> None:
    async def say(request: web.Request) -> web.Response:
        return web.json_response({"workers": []})

    async with serving(web.get(WORKERS, say)) as url:
        with pytest.raises(LoadTestError, match="kikipounamu-worker run"):
            await speakers_carried(fixed_locator(Address(url)), patience_s=0.0)
