"""What the history tells: sessions, results, search, export, usage; and what is deleted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import structlog
from aiohttp import hdrs, web
from msgspec import UnsetType

from backend.access import admit
from backend.answers import json_response
from backend.errors import RequestRefused
from backend.history.records import Exported, Page, StoredSegment, StoredSession, Wanted
from backend.rest.query import read_query
from backend.rest.scope import Archive, Scope, conflict, not_found, scope_of
from backend.rest.views import cues_of, hit_view, result_view, session_view, text_of, usage_view
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

if TYPE_CHECKING:
    from backend.history.store import Store

T = TypeVar("T")

log = structlog.get_logger(__name__)

_PAGE: Final = 500
_WRITE_S: Final = 60.0
_USAGE_DAYS: Final = 30

Changed = Callable[[str], None]


class HistoryRoutes:
    """``here``: whether the file of a session is on this disk; ``changed`` is told of what is deleted."""

    def __init__(self, archive: Archive, here: Callable[[str], bool], changed: Changed) -> None:
        self._archive = archive
        self._here = here
        self._changed = changed

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
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
        wanted = scope_of(visit, query.owner).wanted(query.state, query.kind)
        page = await self._archive.ask(lambda store: store.sessions(wanted, _given(query.before), query.limit))
        return json_response(SessionList(tuple(self._view(one) for one in page.items), page.next))

    async def _get(self, request: web.Request) -> web.Response:
        return json_response(self._view(await self._archive.session(request)))

    async def _delete(self, request: web.Request) -> web.Response:
        stored = await self._archive.session(request)
        if not await self._archive.ask(lambda store: store.delete(stored.id)):
            raise not_found()
        self._changed(stored.id)
        return web.Response(status=204)

    async def _result(self, request: web.Request) -> web.Response:
        stored = await self._archive.session(request)
        form = read_query(request, ResultQuery).format
        segments = await self._segments(stored.id)
        if form is ResultFormat.JSON:
            return json_response(result_view(Exported(stored, segments), self._here(stored.id)))
        if form is ResultFormat.TEXT:
            text = text_of(segments)
            return web.Response(text=f"{text}\n" if text else "")
        cues = cues_of(segments)
        if cues is None:
            raise conflict("when this was said is not known: ask for json or text")
        write, media = (srt, SRT) if form is ResultFormat.SRT else (vtt, VTT)
        return web.Response(text=write(cues), content_type=media)

    async def _search(self, request: web.Request) -> web.Response:
        visit, query = admit(request), read_query(request, SearchQuery)
        wanted = scope_of(visit, query.owner).wanted(query.state, query.kind)
        page = await self._archive.ask(
            lambda store: store.search(query.q, wanted, _given(query.before), query.limit)
        )
        hits = tuple(hit_view(hit, self._here(hit.session.id)) for hit in page.items)
        return json_response(SearchResult(hits, page.next))

    async def _export(self, request: web.Request) -> web.StreamResponse:
        visit, query = admit(request), read_query(request, ExportQuery)
        pages = self._pages(scope_of(visit, query.owner), query)
        first = await anext(pages)  # what is wrong is said before anything is
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: JSON_LINES, hdrs.CACHE_CONTROL: "no-store"})
        await response.prepare(request)
        try:
            await self._write(response, first)
            async for page in pages:
                await self._write(response, page)
        except (TimeoutError, RequestRefused) as error:
            log.warning("an export breaks off", reason=str(error))
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("an export breaks off") from error
        return response

    async def _pages(self, scope: Scope, query: ExportQuery) -> AsyncIterator[bytes]:
        wanted, before = scope.wanted(kind=query.kind), None
        while True:
            page = await self._archive.ask(_exported(wanted, before))
            yield b"".join(msgspec.json.encode(result_view(one)) + b"\n" for one in page.items)
            before = page.next
            if before is None:
                return

    async def _write(self, response: web.StreamResponse, data: bytes) -> None:
        async with asyncio.timeout(_WRITE_S):
            await response.write(data)

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

    async def _segments(self, id: str) -> tuple[StoredSegment, ...]:
        found: list[StoredSegment] = []
        last = -1
        while page := await self._archive.ask(_segments_after(id, last)):
            found += page
            last = page[-1].segment
        return tuple(found)


def _segments_after(id: str, last: int) -> "Callable[[Store], list[StoredSegment]]":
    return lambda store: store.segments(id, last, _PAGE)


def _exported(wanted: Wanted, before: int | None) -> "Callable[[Store], Page[Exported]]":
    return lambda store: store.export(wanted, before)


def _given(value: T | UnsetType) -> T | None:
    return None if isinstance(value, UnsetType) else value
