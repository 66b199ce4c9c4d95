"""Requests that are not valid HTTP."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backend.gateway import Gateway
from protocol.session import SUBPROTOCOL
from runtime.event_names import LogEvent
from tests.backend.conftest import KEY
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until


async def answer_of(gateway: Gateway, data: bytes) -> tuple[int, bytes]:
    """Send raw data; return status and body."""
    where = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(data)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    assert b"Content-Type: application/json" in head
    return int(head.split()[1]), body


async def answer_to(gateway: Gateway, data: bytes) -> tuple[int, dict[str, str]]:
    """Send raw data; return status and error."""
    status, body = await answer_of(gateway, data)
    return status, json.loads(body)["error"]


NO_HTTP = (
    b"NONSENSE\r\n\r\n",
    b"GET / HTTP/1.1\r\nno header\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a hello of TLS\r\n\r\n",
)


FORM_WITH_FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF'


async def test_invalid_http_gets_common_error_form(gateway: Gateway) -> None:
    for data in NO_HTTP:
        status, error = await answer_to(gateway, data)
        assert status == 400 and error["code"] == "malformed" and error["message"], data[:20]


async def test_connection_without_a_whole_head_is_closed_in_time(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.http.runner.HEAD_S", 0.2)
    where = urlsplit(gateway.url)
    served, slow = [await asyncio.open_connection(where.hostname, where.port) for _ in range(2)]
    served[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    slow[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    async with asyncio.timeout(10):
        assert await slow[0].read() == b""
        assert b"alive" in await served[0].readuntil(b"}")
        served[1].write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"alive" in await served[0].readuntil(b"}")
    for _, writer in (served, slow):
        writer.close()


@pytest.mark.parametrize(
    ("path", "kind", "begun"),
    [
        ("/v1/audio/transcriptions", "multipart/form-data; boundary=x", b"--x\r\n"),
        ("/v1/audio/transcriptions", "multipart/form-data; boundary=x", FORM_WITH_FILE),
        ("/v1/listen", "audio/wav", b"RIFF"),
    ],
)
async def test_damaged_chunk_is_refused_at_once(
    gateway: Gateway, path: str, kind: str, begun: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the default folder of files is a relative one
    where = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {KEY}",
        f"Content-Type: {kind}",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
    )
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    async with asyncio.timeout(10):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"%x\r\n%s\r\n" % (len(begun), begun) + b"no chunk\r\n")
        status = await reader.readline()
        assert b"400 Bad Request" in status
        assert b"breaks off" in await reader.read()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("path", "header", "status", "code"),
    [
        ("/v1/workers", b"Authorization: Bearer \xff", 401, "unauthorised"),
        ("/v1/workers", b"Authorization: Bearer \xed\xa0\x80", 401, "unauthorised"),
        ("/v1/workers?api_key=%ff", b"Accept: */*", 401, "unauthorised"),
        ("/healthz", b"Expect: \xff", 400, "malformed"),
        (f"/v1/stream?api_key={KEY.replace(' ', '+')}", b"Upgrade: \xff", 400, "malformed"),
        ("/v1/workers", b"Origin: \xff", 403, "forbidden"),
    ],
)
async def test_headers_that_are_not_utf8_are_client_errors(
    gateway: Gateway, path: str, header: bytes, status: int, code: str
) -> None:
    lines = (f"GET {path} HTTP/1.1", "Host: x", f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", "Connection: close")
    with capture_logs() as logged:
        received, error = await answer_to(gateway, "\r\n".join(lines).encode() + b"\r\n" + header + b"\r\n\r\n")
    assert (received, error["code"]) == (status, code)
    assert {line["log_level"] for line in logged} <= {"info"}, "no traceback"


async def test_body_that_cannot_be_decoded_is_logged_as_malformed(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
    with capture_logs() as logged:
        status, _ = await answer_of(gateway, head + b"plain")
        await wait_until(lambda: logged, "the body was looked at")
    assert status == 200
    assert [line["event"] for line in logged] == [LogEvent.REQUEST_MALFORMED]
    assert not caplog.records, "no traceback"
