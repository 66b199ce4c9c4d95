"""Routes of the adapters, which are imported at the first request.

They need numpy, audio libraries and the client library. Most gateways never get such a request; their processes
start sooner and stay smaller without these modules.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from backend.core.refusal import Refusal
from backend.http.access import AdmittedRequest
from backend.rest.file_settings import FileSettings
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_DIALECTS

if TYPE_CHECKING:
    from backend.sessions.hub import Hub

PATHS: Final = (
    (hdrs.METH_POST, "/v1/audio/transcriptions"),
    (hdrs.METH_POST, "/v1/audio/translations"),
    (hdrs.METH_POST, "/inference"),
    (hdrs.METH_GET, "/v1/realtime"),
    (hdrs.METH_GET, "/v1/funasr"),
    (hdrs.METH_GET, "/v1/vosk"),
    (hdrs.METH_GET, "/"),
    (hdrs.METH_GET, "/v1/listen"),
    (hdrs.METH_POST, "/v1/listen"),
)
EARLIER_PATHS: Final = ((hdrs.METH_GET, "/ws/asr"),)
_MODULE: Final = "backend.dialects.routes"

_Handlers = Mapping[tuple[str, str], Callable[[web.Request], Awaitable[web.StreamResponse]]]


async def remove_left_files(settings: FileSettings) -> None:
    """Remove files that killed processes left: there may be no further request, which would do so."""
    if not settings.requests_folder.is_dir():
        return
    from backend.dialects.spool import remove_left  # imported late: most gateways have no such folder

    try:
        await asyncio.to_thread(remove_left, settings.requests_folder)
    except OSError as error:
        log.warning(LogEvent.FILES_SWEEP_FAILED, error=str(error))


class DeferredRoutes:
    """Routes of all adapters. ``earlier``: the earlier server's protocol is served too."""

    def __init__(
        self,
        hub: "Hub",
        refusal: Callable[[AdmittedRequest], Refusal | None],
        settings: FileSettings,
        earlier: bool = False,
    ) -> None:
        self._needed = hub, refusal, settings, earlier
        self._paths = PATHS + EARLIER_PATHS if earlier else PATHS
        self._handlers: _Handlers | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; the first request of any of them imports the adapters."""
        add = {hdrs.METH_GET: web.get, hdrs.METH_POST: web.post}
        return [add[method](path, self._handle) for method, path in self._paths]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._handlers is None:
            await asyncio.to_thread(import_module, _MODULE)  # in a thread, because it takes long
        method = hdrs.METH_GET if request.method == hdrs.METH_HEAD else request.method
        return await self._all()[method, request.path](request)

    def _all(self) -> _Handlers:
        """Return the handlers of all adapters, which are made once."""
        if self._handlers is None:
            from backend.dialects.routes import dialect_routes  # imported by now

            self._handlers = {(one.method, one.path): one.handler for one in dialect_routes(*self._needed)}
        return self._handlers
