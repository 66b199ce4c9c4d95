"""Reference for the gateway's cost: an aiohttp server that receives the same frames and discards them.

It answers just enough for a speaker to continue. Run as ``python -m benchmarks.sink`` it prints its port.
"""

import asyncio
import sys

import uvloop
from aiohttp import WSMsgType, web

from protocol.session import SUBPROTOCOL, Final, Hello, SegmentEnd, Welcome, decode_client, encode


async def _stream(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            continue
        match decode_client(message.data):
            case Hello(session=session):
                await socket.send_str(encode(Welcome(session, "sink", durable=False)))
            case SegmentEnd(segment=segment):
                await socket.send_str(encode(Final(segment, "")))
    return socket


async def _serve() -> None:
    app = web.Application()
    app.router.add_get("/v1/stream", _stream)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve())
