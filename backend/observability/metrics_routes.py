"""The routes ``GET /metrics`` for Prometheus and ``GET /v1/timeline`` for charts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from backend.admission.admission import AdmissionLimits
from backend.http.access import admit
from backend.http.responses import json_response
from backend.observability.metrics import GatewayReading, Metrics
from backend.observability.monitor import Monitor
from protocol.monitor import TIMELINE_PATH
from runtime.histogram import Histogram

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

METRICS_PATH: Final = "/metrics"


class MetricsRoutes:
    """The metrics and timeline routes. They need a key of a client or of the owner, as the monitor does.

    A Prometheus server should have a device of its own (``devices add``), and send its key as a bearer token.
    """

    def __init__(
        self,
        monitor: Monitor,
        metrics: Metrics,
        round_trips: Histogram,
        limits: AdmissionLimits,
        now: Callable[[], GatewayReading],
    ) -> None:
        self._monitor = monitor
        self._metrics = metrics
        self._round_trips = round_trips
        self._limits = limits
        self._now = now
        self._registry: CollectorRegistry | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of this module."""
        return [web.get(METRICS_PATH, self._expose), web.get(TIMELINE_PATH, self._timeline)]

    async def _expose(self, request: web.Request) -> web.Response:
        admit(request)
        from backend.observability.exposition import (  # imported late: rarely needed
            GatewayCollector,
            exposition,
            registry_of,
        )

        if self._registry is None:
            collector = GatewayCollector(self._metrics, self._round_trips, self._limits, self._now)
            self._registry = registry_of(collector)
        body, content_type = exposition(self._registry, request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def _timeline(self, request: web.Request) -> web.Response:
        admit(request)
        response = json_response(self._monitor.timeline())
        response.enable_compression()  # an hour of forty workers is four megabytes
        return response
