"""The earlier server's REST routes for files and past recordings, over our history and submitted files."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from aiohttp import hdrs, web
from msgspec import Meta, Struct
from msgspec.structs import replace

from backend.dialects.earlier.messages import CLIENT
from backend.dialects.earlier.rest_routes import in_their_shape
from backend.dialects.earlier.views import (
    API,
    RecordingList,
    SubmittedTask,
    TaskList,
    has_audio,
    recording_view,
    statistics,
    task_record,
    task_result,
)
from backend.history.records import SessionFilter, StoredSegment, StoredSession
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import json_response
from backend.rest.file_routes import FileRoutes
from backend.rest.query import read_query
from backend.rest.scope import Archive, not_found, scope_of
from backend.rest.views import text_of
from protocol.monitor import WorkerStatus
from protocol.rest import SessionKind, SessionState

if TYPE_CHECKING:
    from backend.history.history_thread import AsyncHistory
    from backend.history.store import Store
    from backend.rest.runner import Runner

T = TypeVar("T")

_PAGE: Final = 500
_LONGEST_LIST: Final = 100
_LISTED_CHARACTERS: Final = 2_000_000
"""Limit of all texts in one list. Later records have none; the routes of one recording return them."""
_FIRST_DAY: Final = date(2000, 1, 1)


class _ListQuery(Struct, frozen=True):
    """Parameters of a list; others are ignored."""

    limit: Annotated[int, Meta(ge=1, le=_LONGEST_LIST)] = 10


class EarlierHistoryRoutes:
    """The routes. ``workers``: the workers at this moment."""

    def __init__(
        self, history: "AsyncHistory", runner: "Runner", workers: Callable[[], Sequence[WorkerStatus]]
    ) -> None:
        self._archive, self._runner, self._workers = Archive(history), runner, workers
        self._files = FileRoutes(self._archive, runner)

    def routes(self) -> list[web.RouteDef]:
        """Return all routes that need a history."""
        handlers = {
            (hdrs.METH_POST, "/asr/submit"): self._submit,
            (hdrs.METH_GET, "/asr/result/{id}"): self._result,
            (hdrs.METH_GET, "/asr/history"): self._tasks,
            (hdrs.METH_GET, "/asr/audio/{id}"): self._audio,
            (hdrs.METH_POST, "/asr/retry/{id}"): self._retry,
            (hdrs.METH_DELETE, "/asr/task/{id}"): self._delete_task,
            (hdrs.METH_GET, "/history"): self._recordings,
            (hdrs.METH_GET, "/session/{id}"): self._recording,
            (hdrs.METH_DELETE, "/session/{id}"): self._delete_recording,
            (hdrs.METH_GET, "/stats"): self._statistics,
        }
        return [
            web.route(method, API + path, in_their_shape(handler)) for (method, path), handler in handlers.items()
        ]

    # -- files ---------------------------------------------------------------------------------------------

    async def _submit(self, request: web.Request) -> web.Response:
        language = request.query.get("language", "")
        return self._queued_response(await self._files.submit(request, {"language": language} if language else {}))

    async def _retry(self, request: web.Request) -> web.Response:
        return self._queued_response(await self._files.retry(request))

    def _queued_response(self, stored: StoredSession) -> web.Response:
        return json_response(SubmittedTask(stored.id, "queued", self._runner.waiting))

    async def _result(self, request: web.Request) -> web.Response:
        stored = await self._file(request)
        segments = await self._segments(stored) if stored.state is SessionState.DONE else []
        return json_response(task_result(stored, segments, self._runner.has(stored.id)))

    async def _tasks(self, request: web.Request) -> web.Response:
        found = await self._newest_sessions(request, SessionKind.FILE)
        records = tuple(
            task_record(stored, text_of(segments), self._runner.has(stored.id)) for stored, segments in found
        )
        return json_response(TaskList(len(records), records))

    async def _audio(self, request: web.Request) -> web.StreamResponse:
        stored = await self._file(request)
        path = self._runner.uploads.path(stored.id)
        if not (has_audio(stored, self._runner.has(stored.id)) and await asyncio.to_thread(path.is_file)):
            raise not_found()
        headers = {hdrs.CONTENT_TYPE: "application/octet-stream", "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(path, headers=headers)

    async def _delete_task(self, request: web.Request) -> web.Response:
        stored = await self._file(request)
        await self._delete(stored)
        return json_response({"task_id": stored.id, "status": "deleted"})

    async def _file(self, request: web.Request) -> StoredSession:
        stored = await self._archive.session(request)
        if stored.kind is not SessionKind.FILE:
            raise not_found()
        return stored

    # -- recordings ----------------------------------------------------------------------------------------

    async def _recordings(self, request: web.Request) -> web.Response:
        found = await self._newest_sessions(request, SessionKind.STREAM)
        views = tuple(recording_view(stored, segments) for stored, segments in found)
        return json_response(RecordingList(len(views), views))

    async def _recording(self, request: web.Request) -> web.Response:
        stored = await self._stream(request)
        return json_response(recording_view(stored, await self._segments(stored)))

    async def _delete_recording(self, request: web.Request) -> web.Response:
        await self._delete(await self._stream(request))
        return json_response({"id": request.match_info["id"], "status": "deleted"})

    async def _stream(self, request: web.Request) -> StoredSession:
        """Return the newest recording with the name in the path, or the session with this id."""
        visit, name = admit(request), request.match_info["id"]
        wanted = self._session_filter(visit, SessionKind.STREAM)._replace(client=CLIENT + name)
        page = await self._archive.ask(lambda store: store.sessions(wanted, None, 1))
        return page.items[0] if page.items else await self._archive.session(request, visit)

    # -- both ----------------------------------------------------------------------------------------------

    async def _statistics(self, request: web.Request) -> web.Response:
        scope, today = scope_of(admit(request)), datetime.now(UTC).date()
        used = await self._archive.ask(lambda store: store.usage(_FIRST_DAY, today, scope.owner))
        held = await self._archive.ask(lambda store: store.size())
        mine = [one for one in used if scope.tenant in (None, one.tenant)]
        return json_response(statistics(mine, self._workers(), held.bytes))

    async def _delete(self, stored: StoredSession) -> None:
        if not await self._archive.ask(lambda store: store.delete(stored.id)):
            raise not_found()
        self._runner.check_session(stored.id)

    async def _newest_sessions(
        self, request: web.Request, kind: SessionKind
    ) -> list[tuple[StoredSession, list[StoredSegment]]]:
        """Return the newest sessions with their segments; sessions beyond the limit of texts have none."""
        wanted, limit = self._session_filter(admit(request), kind), read_query(request, _ListQuery).limit
        page = await self._archive.ask(lambda store: store.sessions(wanted, None, limit))
        found, left = [], _LISTED_CHARACTERS
        for stored in page.items:
            segments = await self._segments(stored) if left > 0 else []
            left -= sum(len(segment.text) for segment in segments)
            found.append((stored, segments))
        return found

    def _session_filter(self, visit: AdmittedRequest, kind: SessionKind) -> SessionFilter:
        return scope_of(visit).session_filter()._replace(kind=kind)

    async def _segments(self, stored: StoredSession) -> list[StoredSegment]:
        found: list[StoredSegment] = []
        while True:
            last = found[-1].segment if found else -1
            page = await self._archive.ask(_page(stored.id, last))
            found += page
            if len(page) < _PAGE:
                return found


def _page(id: str, last: int) -> "Callable[[Store], list[StoredSegment]]":
    """Return a query for segments without their words, because the whole text is built in memory."""
    return lambda store: [replace(segment, words=()) for segment in store.segments(id, last, _PAGE)]
