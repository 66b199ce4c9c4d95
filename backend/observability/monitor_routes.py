"""The routes of the live feed, and of the models and workers that the monitor knows."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from typing import Final

from aiohttp import hdrs, web

from backend.admission.offered_models import model_views
from backend.core.errors import RequestRefused
from backend.http.access import ANY_DEVICE, admit
from backend.http.responses import abort, json_response
from backend.http.viewers import keep_little, write_pieces
from backend.observability.monitor import Monitor, gather_events
from backend.sessions.hub import Hub
from protocol.errors import ErrorCode
from protocol.monitor import EVENT_STREAM, MONITOR_PATH
from protocol.rest import ModelList, model_list
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_GATEWAY

_LONGEST_NAME: Final = 64


class MonitorRoutes:
    """The routes. ``viewer_s``: how long a viewer may take for a piece. ``leaves``: whether the gateway drains."""

    def __init__(self, monitor: Monitor, hub: Hub, viewer_s: float, leaves: Callable[[], bool]) -> None:
        self._monitor, self._hub = monitor, hub
        self._viewer_s, self._leaves = viewer_s, leaves

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of the monitor."""
        return [
            web.get(MONITOR_PATH, self._watch),
            web.get("/v1/models", self._models),
            web.get("/v1/models/{id}", self._model),
            web.get("/v1/workers", self._workers),
        ]

    async def _models(self, request: web.Request) -> web.Response:
        admit(request)
        return json_response(self._model_list())

    async def _model(self, request: web.Request) -> web.Response:
        admit(request)
        wanted = request.match_info["id"]
        for model in self._model_list().data:
            if model.id == wanted:
                return json_response(model)
        message = f"no worker offers the model {wanted[:_LONGEST_NAME]}: GET /v1/models lists those on offer"
        raise RequestRefused(404, ErrorCode.NOT_FOUND, message)

    def _model_list(self) -> ModelList:
        return model_list(model_views(self._monitor.survey.workers), metadata.version("kikipounamu"))

    async def _workers(self, request: web.Request) -> web.Response:
        admit(request, ANY_DEVICE)  # workers too: their broker account can read this list anyway
        return json_response({"workers": self._monitor.survey.all_workers})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        visit = admit(request)
        headers = {hdrs.CONTENT_TYPE: EVENT_STREAM, hdrs.CACHE_CONTROL: "no-store"}
        response = web.StreamResponse(headers=headers)
        owner = visit.device.owner if visit.limited else None
        async with self._monitor.watch(self._hub, owner) as events:
            with suppress(ConnectionError), visit.present(lambda: abort(request)):
                await response.prepare(request)
                keep_little(request)
                try:
                    await self._show(response, events)
                except TimeoutError:
                    log.info(LogEvent.VIEWER_CUT_OFF, device=visit.device.id)
                    abort(request)
        return response

    async def _show(self, response: web.StreamResponse, events: "asyncio.Queue[bytes]") -> None:
        async for batch in gather_events(events):
            await write_pieces(response, batch, self._viewer_s)
            if self._leaves():
                return
