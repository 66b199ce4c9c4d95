"""``/dashboard``: the page and its static files. Data come from other routes, which need a key."""

import asyncio
import re
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from protocol.monitor import DASHBOARD_PATH

_PAGE: Final = "index.html"
_TYPES: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*\.(css|js|svg)")

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    hdrs.CACHE_CONTROL: "no-cache",  # revalidated each time, and answered by 304 while unchanged
}


class _File(NamedTuple):
    content: bytes
    content_type: str
    etag: str


class _Files:
    """Static files of the package, read at the first request."""

    def __init__(self) -> None:
        self._found: dict[str, _File] = {}

    async def find(self, name: str) -> _File | None:
        """Return a file by name, or ``None`` if it does not exist."""
        if not self._found:
            self._found = await asyncio.to_thread(_read_files)
        return self._found.get(name)


def dashboard_routes(check: Callable[[web.Request], None] = lambda request: None) -> list[web.RouteDef]:
    """Return all routes. ``check`` raises if a key typed into the page could be intercepted."""
    shipped = _Files()

    async def page(request: web.Request) -> web.Response:
        check(request)
        return _response(request, await shipped.find(_PAGE))

    async def part(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _response(request, await shipped.find(name) if _NAME.fullmatch(name) else None)

    async def without_slash(request: web.Request) -> web.Response:
        """Redirect to a relative address, because a proxy may serve the page below another path."""
        return web.Response(status=308, headers={hdrs.LOCATION: f"..{DASHBOARD_PATH}"})

    return [
        web.get(DASHBOARD_PATH, page),
        web.get(f"{DASHBOARD_PATH}/", without_slash),
        web.get(f"{DASHBOARD_PATH}/{{name}}", part),
    ]


def _response(request: web.Request, file: _File | None) -> web.Response:
    if file is None:
        raise web.HTTPNotFound
    headers = HEADERS | {hdrs.ETAG: file.etag}
    if request.headers.get(hdrs.IF_NONE_MATCH) == file.etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=file.content, content_type=file.content_type, charset="utf-8", headers=headers)


def _read_files() -> dict[str, _File]:
    found = {}
    for place in files("backend.observability.dashboard").joinpath("static").iterdir():
        kind = place.name.rpartition(".")[2]
        if kind in _TYPES:
            content = place.read_bytes()
            found[place.name] = _File(content, _TYPES[kind], f'"{sha256(content).hexdigest()[:32]}"')
    return found
