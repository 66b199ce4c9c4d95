"""Reference for the gateway's cost: a server with the gateway's WebSockets that discards the same frames.

It answers only as much as a speaker needs to continue. ``python -m benchmarks.sink`` prints its port.
"""

import asyncio
import sys

import uvloop
from aiohttp import web

from backend.http.frames import TEXT
from backend.http.runner import JsonRunner
from backend.http.websocket import RECEIVE_BYTES, UpgradedResponse, upgrade
from protocol.session import SUBPROTOCOL, Final, Hello, SegmentEnd, Welcome, decode_client, encode

_MOST_BYTES = 1 << 20
_BUFFER = web.AppKey("buffer", memoryview)


async def _stream(request: web.Request) -> web.StreamResponse:
    with upgrade(request, SUBPROTOCOL, _MOST_BYTES, request.app[_BUFFER]) as socket:

        def take(kind: int, body: bytearray) -> None:
            if kind == TEXT:
                match decode_client(bytes(body)):
                    case Hello(session=session):
                        socket.send(encode(Welcome(session, "sink", durable=False)))
                    case SegmentEnd(segment=segment):
                        socket.send(encode(Final(segment, "")))
                socket.drain()

        await socket.each(take)
    return UpgradedResponse()


async def _serve() -> None:
    app = web.Application()
    app[_BUFFER] = memoryview(bytearray(RECEIVE_BYTES))
    app.router.add_get("/v1/stream", _stream)
    runner = JsonRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
