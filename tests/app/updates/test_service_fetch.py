"""The index is fetched by one plain GET over verified TLS, bounded, without redirects."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from app.updates.index import MOST_BYTES, IndexUnreachable
from app.updates.service import fetch_index
from tests.helpers.https_server import HttpsServer, https_server


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpsServer]:
    async with https_server(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running


async def test_request_reports_nothing_about_the_user(server: HttpsServer) -> None:
    server.content = b"the index"
    for _ in range(2):
        assert await fetch_index(server.url) == b"the index"
    for request in server.requests:
        assert (request.method, request.query_string, await request.read()) == ("GET", "", b"")
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}
        assert headers["user-agent"] == "kikipounamu"


async def test_certificate_of_unknown_origin_is_refused(
    server: HttpsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(IndexUnreachable, match="certificate"):
        await fetch_index(server.url)
    assert not server.requests


async def test_redirect_is_not_followed(server: HttpsServer) -> None:
    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/")

    server.answer = elsewhere
    with pytest.raises(IndexUnreachable, match="302"):
        await fetch_index(server.url)


async def test_answer_without_end_is_cut_off(server: HttpsServer) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(2 * MOST_BYTES // 1024):
            await response.write(b"x" * 1024)
        return response

    server.answer = endless
    with pytest.raises(IndexUnreachable, match="too large"):
        await fetch_index(server.url)


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/x", "https://[/"])
async def test_missing_server_is_reported(url: str) -> None:
    with pytest.raises(IndexUnreachable, match="no connection"):
        await fetch_index(url)
