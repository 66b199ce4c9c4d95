"""Routes of the dashboard: public page and files, nothing else, and data only with a key."""

import re
import tomllib
from collections.abc import AsyncIterator
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.gateway import Gateway
from backend.http.responses import errors_as_json
from backend.observability.dashboard.routes import dashboard_routes
from protocol.errors import Forbidden
from protocol.monitor import DASHBOARD_PATH, MONITOR_PATH
from tests.backend.conftest import KEY

ROOT = Path(__file__).resolve().parents[4]
STATIC = Path(str(files("backend.observability.dashboard"))) / "static"
NAMES = sorted(path.name for path in STATIC.iterdir())
_OTHERS = re.compile(
    r"""(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z]|\beval\(|innerHTML|\bstyle="|\bon[a-z]+=['"]"""
)
_IMPORT = re.compile(r"""^(?:import|export) [^'"]*["']\./([^"']+)["']""", re.MULTILINE)
_PART = re.compile(r"""(?:href|src)="dashboard/([^"]+)\"""")


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(gateway.url) as session:
        yield session


async def test_page_is_public_and_forbids_foreign_content(http: aiohttp.ClientSession) -> None:
    async with http.get(DASHBOARD_PATH, headers={"Origin": "https://evil.example"}) as response:
        body = await response.text()
    assert response.status == 200 and response.content_type == "text/html"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'self'" and "unsafe" not in response.headers["Content-Security-Policy"]
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} < set(policy)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert KEY not in body


async def test_static_files_have_type_and_etag(http: aiohttp.ClientSession) -> None:
    types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for name in (name for name in NAMES if not name.endswith(".html")):
        async with http.get(f"{DASHBOARD_PATH}/{name}") as response:
            assert (response.status, response.content_type) == (200, types[name.rpartition(".")[2]])
            assert await response.read() == (STATIC / name).read_bytes()
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        same = {"If-None-Match": response.headers["ETag"]}
        async with http.get(f"{DASHBOARD_PATH}/{name}", headers=same) as again:
            assert again.status == 304 and await again.read() == b""
        async with http.get(f"{DASHBOARD_PATH}/{name}", headers={"If-None-Match": '"old"'}) as changed:
            assert changed.status == 200


@pytest.mark.parametrize(
    "name", ["index.html", "routes.py", "..%2froutes.py", "%2e%2e/routes.py", "no.js", "a%00.js"]
)
async def test_other_files_are_not_served(http: aiohttp.ClientSession, name: str) -> None:
    async with http.get(f"{DASHBOARD_PATH}/{name}") as response:
        assert response.status in (400, 404)
        assert b"import" not in await response.read()


async def test_trailing_slash_redirects_to_page(http: aiohttp.ClientSession) -> None:
    async with http.get(f"{DASHBOARD_PATH}/") as response:
        assert response.status == 200 and response.url.path == DASHBOARD_PATH


async def test_page_is_refused_over_insecure_transport() -> None:
    def check(request: web.Request) -> None:
        raise Forbidden("over TLS")

    app = web.Application(middlewares=[errors_as_json])
    app.add_routes(dashboard_routes(check))
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession() as http,
        http.get(server.make_url(DASHBOARD_PATH)) as response,
    ):
        assert response.status == 403 and "TLS" in await response.text()


async def test_data_of_page_need_key(http: aiohttp.ClientSession) -> None:
    async with http.get(MONITOR_PATH) as response:
        assert response.status == 401


def test_every_static_file_is_used() -> None:
    used = {"index.html", *_PART.findall((STATIC / "index.html").read_text()), "icon.svg"}
    for name in NAMES:
        used |= set(_IMPORT.findall((STATIC / name).read_text())) if name.endswith(".js") else set()
    assert used | {"types.js"} == set(NAMES)


def test_every_static_file_is_packaged() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    shipped = patterns["backend.observability.dashboard"]
    assert all(any(fnmatch(f"static/{name}", pattern) for pattern in shipped) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_static_files_load_nothing_foreign_and_evaluate_nothing(name: str) -> None:
    source = (STATIC / name).read_text()
    assert not _OTHERS.search(source), _OTHERS.search(source)
    assert source.count("\n") <= 400


@pytest.mark.parametrize(
    "text", ['src="https://cdn.example/a.js"', "url(//a.example/b)", "eval(x)", "a.innerHTML = b", '<p style="x">']
)
def test_check_for_foreign_content_can_fail(text: str) -> None:
    assert _OTHERS.search(text)
