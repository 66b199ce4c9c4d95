"""The gateway: its parts, its routes, and the end of its sessions."""

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from msgspec.structs import replace

from backend.admission.admission import refuse, refuse_known, speed
from backend.admission.readiness import Readiness, readiness
from backend.broker.connections import CONNECT_S
from backend.broker.jobs import Jobs
from backend.core.errors import OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.deferred_routes import DeferredRoutes, remove_left_files
from backend.history.service import RunningHistory
from backend.http.access import ACCESS, Access, AdmittedRequest, admit
from backend.http.addresses import local_url
from backend.http.certificates import server_context
from backend.http.device_routes import device_routes
from backend.http.modes import ListenAddress
from backend.http.pairing_routes import PairingRoutes
from backend.http.responses import ON_REFUSAL, errors_as_json, json_response
from backend.http.runner import JsonRunner
from backend.http.sockets import BACKLOG
from backend.http.websocket import RECEIVE_BYTES
from backend.observability.dashboard.routes import dashboard_routes
from backend.observability.metrics import GatewayReading, Metrics
from backend.observability.metrics_routes import MetricsRoutes
from backend.observability.monitor import Monitor
from backend.observability.monitor_routes import MonitorRoutes
from backend.observability.other_processes import ProcessReport
from backend.observability.segment_log import SegmentLog
from backend.processes.forwarding import Forwarder, as_forwarded
from backend.processes.link import ProcessLink
from backend.rest.routes import rest_routes
from backend.sessions.hub import TICK_S, Hub
from backend.sessions.janitor import Janitor
from backend.sessions.observers import Observers
from backend.sessions.stream import serve_stream
from backend.settings import GatewaySettings
from backend.workers.tunnel import BrokerTunnel
from protocol.broker import BROKER_PATH
from protocol.errors import CloseCode, ErrorCode, UnsupportedFormat
from protocol.job import Notice
from protocol.session import STREAM_PATH, SUBPROTOCOL
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.memory import MemoryReturn
from runtime.tasks import Tasks, within

log = loggers.BACKEND_GATEWAY

if TYPE_CHECKING:
    from backend.history.history_thread import AsyncHistory
    from backend.rest.runner import Runner


class Gateway:
    """A running gateway. Created by ``running_gateway``. ``failed`` completes when it cannot continue.

    ``url``: address for clients on this computer; ``tls_port``: port for other devices, 0: none.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        jobs: Jobs,
        access: Access,
        tunnel: BrokerTunnel,
        history: RunningHistory | None,
        failed: "asyncio.Future[BaseException]",
    ) -> None:
        self._settings = settings
        self._link: ProcessLink | None = None
        self._forwarder: Forwarder | None = None
        self._jobs = jobs
        self.access = access
        self._tunnel = tunnel
        self.history = history
        self._draining = False
        self._received = memoryview(bytearray(RECEIVE_BYTES))
        self._streams = Tasks("stream")
        self._runner: web.AppRunner | None = None
        self.app: web.Application | None = None
        self.monitor = Monitor(jobs, None if settings.redis else settings.broker_folder, settings.viewers)
        self.metrics = Metrics()
        self.story = SegmentLog(jobs.gateway)
        self.observers = Observers([self.monitor, self.metrics, self.story])
        self.hub = Hub(jobs, settings, self.observers, settings.history_field)
        self.janitor = Janitor(jobs, self.hub, lambda: access.roster.revoked)
        self.files = self._runner_of(history)
        self.url = ""
        self.tls_port = 0
        self.failed = failed
        for part in (access.tls_listener, jobs):
            part.failed.add_done_callback(self._fail)
        self.hub.taken = lambda: len(self.hub.connections) + access.meter.elsewhere.connections

    # -- life ----------------------------------------------------------------------------------------------

    async def start(self, where: tuple[ListenAddress, ...]) -> None:
        """Open all listeners and serve the routes."""
        main = self._link is not None and self._link.is_main
        app = self.app = web.Application(middlewares=[as_forwarded, errors_as_json] if main else [errors_as_json])
        app[ACCESS] = self.access
        app[ON_REFUSAL] = self.observers.refused
        app.add_routes(self._routes())
        self._runner = JsonRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await self._runner.setup()
        if self._link is not None:
            certificate = self._settings.certificate
            tls = server_context(certificate) if certificate else None
            await self._link.listen(self._runner, self.access.tls_listener, tls)
        for listener in where:
            await self._listen(self._runner, listener)
        log.info(LogEvent.GATEWAY_LISTENING, url=self.url, broker=self._jobs.version, durable=self._jobs.durable)

    def _routes(self) -> list[web.RouteDef]:
        """Return all routes; a process that is not the main one serves some itself and forwards the others."""
        earlier = self._settings.earlier_protocol
        everywhere = [
            web.get(STREAM_PATH, self._stream),
            web.get("/healthz", self._health),
            web.get(BROKER_PATH, self._tunnel.serve),
            *DeferredRoutes(self.hub, self.refusal_of, self._settings.files, earlier).routes(),
        ]
        if self._forwarder is not None:
            return everywhere + self._forwarder.routes()
        history = self.history.history if self.history else None
        return [
            *everywhere,
            web.get("/readyz", self._ready),
            *MonitorRoutes(self.monitor, self.hub, self._settings.viewer_s, lambda: self._draining).routes(),
            *dashboard_routes(self.access.check_transport),
            *device_routes(),
            *self._figures().routes(),
            *PairingRoutes(self._settings, self.access, lambda: self.tls_port).routes(),
            *rest_routes(history, self.files),
            *self._earlier_routes(history),
        ]

    def _earlier_routes(self, history: "AsyncHistory | None") -> list[web.RouteDef]:
        if not self._settings.earlier_protocol:
            return []
        from backend.dialects.earlier.rest_routes import earlier_rest_routes  # only few gateways serve them

        snapshot = partial(self.monitor.snapshot, self.hub)
        return earlier_rest_routes(history, self.files, self._readiness, snapshot)

    def join(self, link: ProcessLink) -> None:
        """Make this gateway one process of several. Call before ``start``."""
        self._link, self.url, self.tls_port = link, link.start.url, link.start.tls_port
        link.count(self.access.meter, lambda: len(self.hub.connections), self._report)
        if link.is_main:
            self.monitor.others.own_slot = link.start.slot
            link.on_others = lambda said: self.monitor.update_others(said.reports, said.past, said.restarts)
        else:
            self._forwarder = Forwarder(link, self.access)

    def _report(self) -> ProcessReport:
        self.observers.flush()
        counted = self.metrics.counters(self.access.meter.audio_s, self._jobs.round_trips.read())
        return self.monitor.report(self.hub, counted)

    async def _listen(self, runner: web.AppRunner, listener: ListenAddress) -> None:
        certificate = self._settings.certificate if listener.tls else None
        if certificate is not None:
            assert runner.server is not None
            tls = server_context(certificate)
            host, port = await self.access.tls_listener.listen(listener.host, listener.port, tls, runner.server)
            self.tls_port = port
            log.info(LogEvent.GATEWAY_SHARED, host=host, port=port, certificate=certificate.sha256)
            return
        known = len(runner.addresses)
        await web.TCPSite(runner, listener.host, listener.port, backlog=BACKLOG).start()
        host, port = runner.addresses[known][:2]
        self.url = self.url or local_url(host, port)

    async def drain(self) -> None:
        """Refuse new clients, disconnect all, and wait until the broker has all complete segments.

        Safe to call twice.
        """
        if not self._draining:
            hosted, connected = len(self.hub.hosted), len(self.hub.connections)
            log.info(LogEvent.GATEWAY_DRAINING, sessions=hosted, connections=connected)
        self._draining = True
        if self._link is not None:
            await self._link.leave()
        self.monitor.end()
        for connection in tuple(self.hub.connections):
            connection.close(CloseCode.GOING_AWAY, ErrorCode.GOING_AWAY)
        async with within(self._settings.drain_s):
            await self._jobs.until_flushed()
            await self.hub.deserted.wait()
            self.hub.farewell()
            await self._jobs.until_flushed()
        await self._streams.close()
        self._tunnel.close()
        await self.access.tls_listener.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._forwarder is not None:
            await self._forwarder.close()

    @property
    def _ends(self) -> bool:
        """True while the whole gateway drains, not only this process of several."""
        return self._draining if self._link is None else self._link.ending

    async def tick(self) -> None:
        """Pass the time to the sessions until cancelled."""
        pinged, memory = time.monotonic(), MemoryReturn()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            self.hub.tick(now)
            memory.give_back_if_due()
            if now - pinged >= self._settings.limits.ping_s:
                pinged = now
                self.hub.check_alive()

    async def run(self, tasks: Tasks) -> None:
        """Start the background tasks; return once the subscription to the broker's results exists."""
        subscribed = asyncio.Event()

        def on_subscribed() -> None:
            subscribed.set()
            self.hub.subscribed()

        tasks.start(self._jobs.listen(self.noticed, on_subscribed), "results")
        tasks.start(self.monitor.run(self.hub), "monitor")
        tasks.start(self.tick(), "tick")
        tasks.start(self.janitor.run(), "janitor")
        tasks.start(self._tunnel.run(), "tunnel")
        tasks.start(remove_left_files(self._settings.files), "left files")
        if self.files is not None:
            tasks.start(self.files.run(), "files")
        async with asyncio.timeout(CONNECT_S):
            await subscribed.wait()

    def _fail(self, ended: "asyncio.Future[BaseException]") -> None:
        if not (ended.cancelled() or self.failed.done()):
            self.failed.set_result(ended.result())

    def _figures(self) -> MetricsRoutes:
        def now() -> GatewayReading:
            history = self.history.state() if self.history else None
            self.observers.flush()
            return self.monitor.now(self.hub, self.access.meter.audio_s, self._ends, history)

        return MetricsRoutes(self.monitor, self.metrics, self._jobs.round_trips, self._settings.admission, now)

    def _runner_of(self, keeping: RunningHistory | None) -> "Runner | None":
        """Return the recogniser of submitted files, or ``None`` without a history, which stores their state."""
        if keeping is None:
            return None
        from backend.rest.flow import Capacity  # imported late: a gateway for one user starts faster without it
        from backend.rest.runner import Runner

        def room() -> Capacity:
            survey = self.monitor.survey
            return Capacity(survey.memory, self.monitor.up, speed(survey, ""))

        runner = Runner(self._settings.files, keeping.history, self._jobs, self._settings.history_field, room)
        runner.refuse_model = self.hub.intake.refuse_model
        runner.revoked = lambda: self.access.roster.revoked
        return runner

    def noticed(self, notice: Notice) -> None:
        """Pass a published notice to the hub and to the file runner."""
        self.hub.noticed(notice)
        if self.files is not None:
            self.files.noticed(notice)

    # -- routes --------------------------------------------------------------------------------------------

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        visit = admit(request)
        if refusal := self.refusal_of(visit, resumes=bool(request.query.get("resume"))):
            raise OverQuota(refusal)
        offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
        if SUBPROTOCOL not in (name.strip() for name in offered.split(",")):
            raise UnsupportedFormat(f"this gateway speaks the WebSocket subprotocol {SUBPROTOCOL}")
        return serve_stream(request, self.hub, visit, self._received, self._streams)

    def refusal_of(self, visit: AdmittedRequest, resumes: bool = False) -> Refusal | None:
        """Return why a stream of this visitor is refused now; ``resumes``: the broker may know its session."""
        if self._draining:
            return Refusal(503, RefusalReason.LEAVING, "this gateway is going away", 1.0)
        judge = refuse_known if resumes else refuse  # the hello will show whether the broker knows the session
        survey = self.hub.intake.survey_of(visit.about.owner)  # including bulk jobs held back for this key
        refusal = judge(survey, self.monitor.up, self.hub.taken(), self._settings.admission)
        return refusal or self.access.meter.stream(visit.device.id, visit.limited)

    async def _health(self, request: web.Request) -> web.Response:
        return json_response({"status": "alive"})

    def _readiness(self) -> Readiness:
        monitor, connections = self.monitor, self.hub.taken()
        limits, embedded = self._settings.admission, not self._settings.redis
        state = readiness(
            monitor.survey, monitor.broker(), connections, limits, draining=self._ends, embedded=embedded
        )
        return replace(state, history=self.history and self.history.state())

    async def _ready(self, request: web.Request) -> web.Response:
        state = self._readiness()
        return json_response(state, 200 if state.ready else 503)
