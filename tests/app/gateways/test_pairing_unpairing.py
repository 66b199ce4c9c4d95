"""A forgotten gateway is asked to revoke the key of this device."""

from pathlib import Path

import pytest
from aiohttp import web

from app.gateways.pairing import leave
from app.gateways.store import PairedGateway
from backend.http.certificates import own_certificate, server_context
from tests.helpers.web_server import serving

GONE = "https://127.0.0.1:9"


@pytest.mark.parametrize(("status", "gone"), [(200, True), (401, True), (403, False), (404, False), (503, False)])
async def test_leave_returns_whether_the_key_was_revoked(tmp_path: Path, status: int, gone: bool) -> None:
    asked: list[tuple[str, str]] = []

    async def revoke(request: web.Request) -> web.Response:
        asked.append((request.match_info["id"], request.headers["Authorization"]))
        return web.json_response({"id": "a/b"}, status=status)

    certificate = own_certificate(tmp_path)
    async with serving(web.delete("/v1/devices/{id}", revoke), tls=server_context(certificate)) as url:
        assert await leave(PairedGateway((GONE, url), certificate.sha256, "a/b", "key")) is gone
        assert asked == [("a/b", "Bearer key")]
        assert not await leave(PairedGateway((url,), "0" * 64, "a/b", "key")), "another gateway gets no key"
        assert len(asked) == 1


async def test_leave_fails_when_the_gateway_is_away() -> None:
    assert not await leave(PairedGateway((GONE,), "0" * 64, "device", "key"))
