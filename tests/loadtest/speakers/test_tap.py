"""Observed connections: refusals with their Retry-After, and cuts."""

import asyncio

import aiohttp
from aiohttp import web

from loadtest.measurement.tally import TallyRecorder
from loadtest.speakers.tap import SharedConnector
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving


async def test_refusals_are_grouped_by_reason() -> None:
    waits = [40, 50]

    async def refuse(request: web.Request) -> web.Response:
        error = {"code": "busy", "message": f"the expected wait is {waits.pop()} s"}
        return web.json_response({"error": error}, status=503, headers={"Retry-After": str(7 + len(waits))})

    recorder = TallyRecorder(0.0)
    tap = SharedConnector(recorder)
    make = tap.http()
    async with serving(web.get("/", refuse)) as url, make() as http:
        for _ in range(2):
            (await http.get(url)).release()
    await tap.close()
    ((kind, refused),) = recorder.tally.refused.items()
    assert kind == "503 the expected wait is # s"
    assert (refused.count, refused.least_s, refused.most_s) == (2, 7.0, 8.0)
    assert recorder.tally.early == 1, "the client did not wait as long as it was asked to"
    assert sum(recorder.tally.refused_at.values()) == 2


async def test_small_timer_error_does_not_count_as_early() -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "1"})

    now, recorder = [10.0], TallyRecorder(0.0)
    tap = SharedConnector(recorder, lambda: now[0])
    async with serving(web.get("/", refuse)) as url, tap.http()() as http:
        for passed_s, early in ((0.0, 0), (0.999, 0), (0.9, 1)):
            now[0] += passed_s
            (await http.get(url)).release()
            assert recorder.tally.early == early
    await tap.close()


async def test_cut_connections_close_and_new_ones_work() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    tap = SharedConnector(TallyRecorder(0.0))
    async with serving(web.get("/", echo)) as url, tap.http()() as http:
        sockets = [await http.ws_connect(url) for _ in range(3)]
        assert tap.cut() == 3
        for socket in sockets:
            ended = await asyncio.wait_for(socket.receive(), 5)
            assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        again = await http.ws_connect(url)
        await again.send_str("here")
        assert await again.receive_str() == "here"
        await again.close()
        await wait_until(lambda: all(socket.closed for socket in sockets), "they are closed")
    await tap.close()
