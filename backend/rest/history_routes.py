"""HTTP routes for the history: sessions, results, search, export, usage and deletion."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import hdrs, web
from msgspec import UnsetType
from msgspec.structs import replace

from backend.core.errors import OverQuota, RequestRefused
from backend.history.records import StoredSegment, StoredSession
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort, json_response
from backend.http.viewers import Owners, refuse_viewer, write_pieces
from backend.rest.json_writer import ExportWriter, SessionWriter, Slice, SliceWriter
from backend.rest.operations import JSON, TEXT
from backend.rest.query import read_query
from backend.rest.scope import Archive, conflict, not_found, scope_of
from backend.rest.views import cues_of, hit_view, session_view, text_of, usage_view
from protocol.rest import (
    EXPORT_PATH,
    JSON_LINES,
    SEARCH_PATH,
    SESSIONS_PATH,
    SRT,
    USAGE_PATH,
    VTT,
    ExportQuery,
    ListQuery,
    ResultFormat,
    ResultQuery,
    SearchQuery,
    SearchResult,
    SessionList,
    SessionView,
    UsageQuery,
    UsageReport,
)
from protocol.subtitles import srt, vtt
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_REST_HISTORY_ROUTES


if TYPE_CHECKING:
    from backend.history.store import Store

T = TypeVar("T")


MOST_LONG: Final = 8
"""Maximum number of concurrent long responses (more than one slice); one key may have a quarter of them."""
_PAGE: Final = 500
_WRITE_S: Final = 60.0
_USAGE_DAYS: Final = 30

Changed = Callable[[str], None]


class HistoryRoutes:
    """The history routes.

    ``here``: whether the file of a session is on this disk. ``changed`` is called with each deleted session.
    """

    def __init__(self, archive: Archive, here: Callable[[str], bool], changed: Changed) -> None:
        self._archive = archive
        self._here = here
        self._changed = changed
        self._long: Owners = Counter()

    def routes(self) -> list[web.RouteDef]:
        """Return all routes for the history."""
        one = SESSIONS_PATH + "/{id}"
        return [
            web.get(SESSIONS_PATH, self._list),
            web.get(one, self._get),
            web.delete(one, self._delete),
            web.get(one + "/result", self._result),
            web.get(SEARCH_PATH, self._search),
            web.get(EXPORT_PATH, self._export),
            web.get(USAGE_PATH, self._usage),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        visit, query = admit(request), read_query(request, ListQuery)
        wanted = scope_of(visit, query.owner).session_filter(query.state, query.kind)
        page = await self._archive.ask(lambda store: store.sessions(wanted, _if_given(query.before), query.limit))
        return json_response(SessionList(tuple(self._view(one) for one in page.items), page.next))

    async def _get(self, request: web.Request) -> web.Response:
        return json_response(self._view(await self._archive.session(request)))

    async def _delete(self, request: web.Request) -> web.Response:
        stored = await self._archive.session(request)
        if not await self._archive.ask(lambda store: store.delete(stored.id)):
            raise not_found()
        self._changed(stored.id)
        return web.Response(status=204)

    async def _result(self, request: web.Request) -> web.StreamResponse:
        visit = admit(request)
        stored = await self._archive.session(request, visit)
        form = read_query(request, ResultQuery).format
        if form is ResultFormat.JSON:
            return await self._stream(request, visit, JSON, SessionWriter(stored, self._here(stored.id)))
        segments = page = await self._archive.ask(_segments_after(stored.id, -1, form))
        with self._room(visit) if len(page) == _PAGE else nullcontext():
            while len(page) == _PAGE:
                page = await self._archive.ask(_segments_after(stored.id, page[-1].segment, form))
                segments += page
            return await asyncio.to_thread(_text_response, segments, form)

    async def _search(self, request: web.Request) -> web.Response:
        visit, query = admit(request), read_query(request, SearchQuery)
        wanted = scope_of(visit, query.owner).session_filter(query.state, query.kind)
        page = await self._archive.ask(
            lambda store: store.search(query.q, wanted, _if_given(query.before), query.limit)
        )
        hits = tuple(hit_view(hit, self._here(hit.session.id)) for hit in page.items)
        return json_response(SearchResult(hits, page.next))

    async def _export(self, request: web.Request) -> web.StreamResponse:
        visit, query = admit(request), read_query(request, ExportQuery)
        wanted = scope_of(visit, query.owner).session_filter(kind=query.kind)
        return await self._stream(request, visit, JSON_LINES, ExportWriter(wanted))

    async def _stream(
        self, request: web.Request, visit: AdmittedRequest, media: str, writer: SliceWriter
    ) -> web.StreamResponse:
        headers = {hdrs.CONTENT_TYPE: media, hdrs.CACHE_CONTROL: "no-store"}
        first = await self._archive.ask(writer.slice)  # errors come before the response begins
        if first.last:
            return web.Response(body=first.data, headers=headers)
        with self._room(visit), visit.present(lambda: abort(request)):
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            try:
                await self._write_all(response, first, writer)
            except (TimeoutError, RequestRefused) as error:
                log.warning(LogEvent.RESPONSE_ABORTED, path=request.path, reason=str(error))
                abort(request)
                raise ConnectionResetError("a long answer breaks off") from error
            return response

    async def _write_all(self, response: web.StreamResponse, slice: Slice, writer: SliceWriter) -> None:
        await write_pieces(response, slice.data, _WRITE_S)
        while not slice.last:
            slice = await self._archive.ask(writer.slice)
            await write_pieces(response, slice.data, _WRITE_S)

    @contextmanager
    def _room(self, visit: AdmittedRequest) -> Iterator[None]:
        """Reserve one of the places for long responses. Raises ``OverQuota``."""
        whose = visit.device.owner if visit.limited else None
        if refusal := refuse_viewer(self._long, whose, MOST_LONG):
            raise OverQuota(refusal)
        self._long[whose] += 1
        try:
            yield
        finally:
            self._long[whose] -= 1

    async def _usage(self, request: web.Request) -> web.Response:
        visit, query = admit(request), read_query(request, UsageQuery)
        scope = scope_of(visit, query.owner)
        last = query.to or datetime.now(UTC).date()
        first = query.from_ or date.fromordinal(max(1, last.toordinal() - _USAGE_DAYS))
        used = await self._archive.ask(lambda store: store.usage(first, last, scope.owner))
        days = tuple(usage_view(one) for one in used if scope.tenant in (None, one.tenant))
        return json_response(UsageReport(days))

    # -- inside --------------------------------------------------------------------------------------------

    def _view(self, stored: StoredSession) -> SessionView:
        return session_view(stored, self._here(stored.id))


def _segments_after(id: str, last: int, form: ResultFormat) -> "Callable[[Store], list[StoredSegment]]":
    """Query a page of segments; a text, which is built in memory, does without the times of their words."""
    if form is not ResultFormat.TEXT:
        return lambda store: store.segments(id, last, _PAGE)
    return lambda store: [replace(segment, words=()) for segment in store.segments(id, last, _PAGE)]


def _text_response(segments: Sequence[StoredSegment], form: ResultFormat) -> web.Response:
    """Respond with the text or subtitles of a session. Raises ``RequestRefused``."""
    if form is ResultFormat.TEXT:
        text = text_of(segments)
        return web.Response(body=f"{text}\n".encode() if text else b"", content_type=TEXT, charset="utf-8")
    cues = cues_of(segments)
    if cues is None:
        raise conflict("when this was said is not known: ask for json or text")
    write, media = (srt, SRT) if form is ResultFormat.SRT else (vtt, VTT)
    return web.Response(body=write(cues).encode(), content_type=media, charset="utf-8")


def _if_given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value
