"""Run a gateway with only a dashboard and simulated figures, in its own thread."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import msgspec
from aiohttp import hdrs, web

from backend.observability.dashboard.routes import dashboard_routes
from protocol.monitor import EVENT_STREAM, MONITOR_PATH, SNAPSHOT, TIMELINE_PATH, Snapshot, Timeline

_START_S: Final = 10.0
_EVERY_S: Final = 1.0


class ExampleGateway:
    """A server of ``timeline`` and ``snapshot`` for clients with ``key``; at first for all clients.

    All three may change at any time. ``refusal``: respond with this status instead; 0: none. ``silent``: keep
    connections open without sending. ``watched``: number of requests for the monitor.
    """

    def __init__(self, timeline: Timeline, snapshot: Snapshot) -> None:
        self.timeline = timeline
        self.snapshot = snapshot
        self.key = ""
        self.refusal = 0
        self.silent = False
        self.watched = 0
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._next = asyncio.Event()
        self._cut = False

    def run(self) -> None:
        """Serve until ``end`` is called."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def end(self) -> None:
        """Stop serving. Call from any thread."""
        self._loop.call_soon_threadsafe(self._ended.set)

    def publish(self, snapshot: Snapshot | None = None, *, cut: bool = False) -> None:
        """Send this snapshot now and from now on. Call from any thread.

        ``cut``: disconnect the current listeners.
        """
        self.snapshot = snapshot or self.snapshot
        self._cut = cut
        self._loop.call_soon_threadsafe(self._next.set)

    def wait(self) -> None:
        """Wait until the gateway listens."""
        assert self._ready.wait(_START_S), "it does not listen"

    async def _serve(self) -> None:
        app = web.Application()
        routes = [web.get(TIMELINE_PATH, self._hour), web.get(MONITOR_PATH, self._watch)]
        app.add_routes([*dashboard_routes(), *routes])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._ready.set()
        await self._ended.wait()
        await runner.cleanup()

    def _refused(self, request: web.Request) -> web.Response | None:
        if self.refusal:
            return web.Response(status=self.refusal, headers={hdrs.RETRY_AFTER: "1"})
        shown = request.headers.get(hdrs.AUTHORIZATION)
        return web.Response(status=401) if self.key and shown != f"Bearer {self.key}" else None

    async def _hour(self, request: web.Request) -> web.Response:
        body = msgspec.json.encode(self.timeline)
        return self._refused(request) or web.Response(body=body, content_type="application/json")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.watched += 1
        if refused := self._refused(request):
            return refused
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: EVENT_STREAM, hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)
        self._cut = False
        with suppress(ConnectionError):
            while not (self._ended.is_set() or self._cut):
                if not self.silent:
                    data = msgspec.json.encode(self.snapshot)
                    await response.write(b"event: %b\ndata: %b\n\n" % (SNAPSHOT.encode(), data))
                self._next.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._next.wait(), _EVERY_S)
        return response


@contextmanager
def example_gateway(timeline: Timeline, snapshot: Snapshot) -> Iterator[ExampleGateway]:
    """Run an example gateway on 127.0.0.1 until the context ends."""
    gateway = ExampleGateway(timeline, snapshot)
    thread = threading.Thread(target=gateway.run, name="example gateway", daemon=True)
    thread.start()
    try:
        gateway.wait()
        yield gateway
    finally:
        gateway.end()
        thread.join(_START_S)
