"""Search for the most streams that gateway processes carry, and a small run of it."""

import asyncio
import os
from itertools import islice

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.gateway_processes import (
    NoCpuLimits,
    Round,
    carried_by,
    cpu_limited,
    levels_from,
    most_carried,
)
from protocol.endpoint import Endpoint
from protocol.session import STREAM_PATH, SUBPROTOCOL


def test_levels_grow_from_below_the_estimate() -> None:
    levels = list(islice(levels_from(100.0), 4))
    assert levels[0] < 100 and levels == sorted(set(levels)) and levels[3] > 100


def test_most_carried_is_the_last_before_two_failures() -> None:
    answers = iter([True, False, True, True, False, False])
    assert most_carried(iter([10, 11, 12, 13, 14]), lambda streams: next(answers)) == 12
    assert most_carried(iter([10]), lambda streams: False) == 0


async def test_streams_with_lost_sessions_are_not_carried() -> None:
    async def close(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get(STREAM_PATH, close)
    async with TestServer(app) as server:
        endpoint = Endpoint(str(server.make_url("")).rstrip("/"), "key", os.getpid())
        gateway = Round(endpoint, [os.getpid()], segments=1, late_ms=1_000.0)
        assert not await asyncio.to_thread(gateway.measure, 2)


def test_two_processes_with_a_limit_carry_streams() -> None:
    try:
        with cpu_limited(os.getpid(), 1.0):
            pass
    except NoCpuLimits as error:
        pytest.skip(f"needs root, and cgroups that can be written: {error}")
    assert carried_by(2, cores=0.5, segments=1, late_ms=30_000, levels=iter([4, 6])) == 6
