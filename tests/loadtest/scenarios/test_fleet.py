"""Capacity of a fleet: known once every worker has told its speed."""

import pytest
from aiohttp import web

from client.connection import Address, Locate, fixed
from loadtest.core.asking import WORKERS
from loadtest.scenarios.fleet import NoCapacity, carried, known
from tests.helpers.web_server import serving


def test_speeds_are_known_once_every_able_worker_has_one() -> None:
    fast, new, away = ({"state": "idle", "speed": 9.0}, {"state": "busy", "speed": 0.0}, {"state": "draining"})
    assert known({"workers": [fast, away]})
    assert not known({"workers": [fast, new]})
    assert not known({"workers": []}) and not known({})


async def test_capacity_is_what_the_workers_carry(locate: Locate) -> None:
    assert 10 < await carried(locate, 60.0) < 100


async def test_fleet_that_tells_nothing_has_no_capacity() -> None:
    async def say(request: web.Request) -> web.Response:
        return web.json_response({"workers": []})

    async with serving(web.get(WORKERS, say)) as url:
        with pytest.raises(NoCapacity, match="kikipounamu-worker run"):
            await carried(fixed(Address(url)), patience_s=0.0)
