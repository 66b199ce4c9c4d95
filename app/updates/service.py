"""Ask for newer versions, at most once a day and only if the user switched it on, or whenever the user asks.

    async with Updates(post) as updates:
        updates.use(on=True, place=place_of("", ""))      # from now on ``post`` gets an ``UpdatesView``

The index is fetched by one plain GET over TLS, which reveals nothing about this computer or its user: there are no
parameters, no cookies and no version. Nothing waits for it, and a failure changes nothing else. Everything here
belongs to one loop.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Self

import aiohttp
from aiohttp import hdrs
from msgspec.structs import replace

from app.core.problem_notes import note_of
from app.updates import memory as memories
from app.updates.index import (
    MOST_BYTES,
    IndexPlace,
    IndexUnreachable,
    PlaceUnknown,
    ReleaseIndex,
    UpdateError,
    read_index,
)
from app.updates.installation import Facts, installation_of, read_facts
from app.updates.memory import Memory
from app.updates.view import CheckForUpdates, UpdatesView
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.folders import folders
from runtime.tasks import TaskOwner, Tasks, is_set_within, loop_time
from runtime.whole_file import keep, read_kept

log = loggers.APP_UPDATES

FILE: Final = "updates.json"
_SETTLE_S: Final = 60.0
_LONGEST_S: Final = 3_600.0
"""Longest wait before the wall clock is read again, because it continues while the computer sleeps."""

Fetch = Callable[[str], Awaitable[bytes]]
_LIMIT_S: Final = 20.0
_FOUND: Final = 200
_HEADERS: Final = {hdrs.USER_AGENT: "kikipounamu", hdrs.ACCEPT: "*/*", hdrs.ACCEPT_ENCODING: "identity"}


async def fetch_index(url: str) -> bytes:
    """Return the file at an https address. Raises ``IndexUnreachable``."""
    timeout = aiohttp.ClientTimeout(total=_LIMIT_S)
    trusted = await asyncio.to_thread(ssl.create_default_context)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), headers=_HEADERS) as http,
            http.get(url, allow_redirects=False, ssl=trusted) as answer,
        ):
            if answer.status != _FOUND:
                raise IndexUnreachable(f"the server answers {answer.status}")
            content = b""
            async for piece in answer.content.iter_chunked(16 * 1024):
                content += piece
                if len(content) > MOST_BYTES:
                    raise IndexUnreachable("it is too large")
            return content
    except aiohttp.ClientConnectorCertificateError as error:
        raise IndexUnreachable("its certificate is not valid") from error
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise IndexUnreachable("no connection") from error


async def ask_index(place: IndexPlace, seen_s: int, now_s: float, fetch: Fetch = fetch_index) -> ReleaseIndex:
    """Return the index at this place. Raises ``UpdateError``."""
    if not place.known:
        raise PlaceUnknown
    return read_index(await fetch(place.url), place.keys, now_s, seen_s)


class Updates(TaskOwner):
    """Service of the notice.

    ``facts``: reads the facts of this installation. ``settle_s``: wait after the start before the first question.
    """

    def __init__(
        self,
        post: Callable[[UpdatesView], None],
        fetch: Fetch = fetch_index,
        now: Callable[[], float] = time.time,
        facts: Callable[[], Facts] = read_facts,
        settle_s: float = _SETTLE_S,
    ) -> None:
        self._post, self._fetch, self._now, self._facts, self._settle_s = post, fetch, now, facts, settle_s
        self._file: Path = folders().data / FILE
        self._on, self._place = False, IndexPlace()
        self._memory, self._installed = Memory(), Facts("")
        self._failed: UpdateError | None = None
        self._wanted, self._changed = False, asyncio.Event()
        self._tasks = Tasks("updates")

    async def __aenter__(self) -> Self:
        self._tasks.keep(self._watch, "watch")
        return self

    def use(self, *, on: bool, place: IndexPlace) -> None:
        """Apply the settings: whether to ask automatically, and where."""
        if (on, place) != (self._on, self._place):
            self._on, self._place, self._failed = on, place, None
            self._changed.set()

    def ask(self, action: CheckForUpdates) -> None:
        """Ask now, because the user wants to know."""
        self._wanted = True
        self._changed.set()

    async def _watch(self) -> None:
        self._memory = await asyncio.to_thread(read_kept, self._file, Memory, Memory())
        self._installed = await asyncio.to_thread(self._facts)
        began = loop_time()
        while True:
            self._changed.clear()
            self._show()
            settling = began + self._settle_s - loop_time()
            left = max(settling, memories.wait_s(self._memory, self._now()))
            if self._wanted or (self._on and self._place.known and left <= 0):
                await self._ask(by_user=self._wanted)
                continue
            await is_set_within(self._changed, min(left, _LONGEST_S) if self._on else None)
            self._memory = memories.settled(self._memory, self._now())

    async def _ask(self, *, by_user: bool) -> None:
        """Ask, and remember the attempt before it is made, so that a failing one is not repeated."""
        self._wanted, self._failed = False, None
        self._show(asking=True)
        await self._remember(replace(self._memory, asked_s=self._now()))
        try:
            index = await ask_index(self._place, self._memory.made_s, self._now(), self._fetch)
        except UpdateError as error:
            log.info(LogEvent.UPDATES_UNKNOWN, reason=type(error).__name__)
            self._failed = error if by_user else None
            return
        await self._remember(memories.learned(self._memory, index, self._installed.version))
        await self._announce()

    async def _announce(self) -> None:
        """Announce each version once, outside the settings."""
        found = memories.offer(self._memory, self._installed.version)
        if found and found.version != self._memory.announced:
            await self._remember(replace(self._memory, announced=found.version))
            self._show(announce=True)

    async def _remember(self, memory: Memory) -> None:
        self._memory = memory
        await asyncio.to_thread(keep, self._file, memory)

    def _show(self, *, asking: bool = False, announce: bool = False) -> None:
        release = memories.offer(self._memory, self._installed.version)
        known = installation_of(self._installed, release.version if release else "")
        view = UpdatesView(
            asking=asking,
            installed=self._installed.version,
            place_known=self._place.known,
            asked_s=self._memory.answered_s,
            release=release,
            kind=known.kind,
            command=known.command,
            needs_file=known.needs_file,
            announce=announce,
            note=note_of(self._failed) if self._failed else None,
        )
        self._post(view)
