"""``GET /v1/timeline``: figures for whoever draws curves of them."""

from aiohttp import web

from backend.access import admit
from backend.answers import json_response
from backend.monitor import Monitor
from protocol.monitor import TIMELINE_PATH


class Figures:
    """The routes; for the keys of clients, as the monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [web.get(TIMELINE_PATH, self._timeline)]

    async def _timeline(self, request: web.Request) -> web.Response:
        admit(request)
        return json_response(self._monitor.timeline())
