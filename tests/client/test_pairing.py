"""Device's side of pairing, against gateways that lie, answer nonsense or are not gateways."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from spake2 import SPAKE2_B

from backend.http.certificates import own_certificate, server_context
from client.errors import DeviceNotKept, GatewayError, Intercepted, NotPaired, Refused, TryLater, Unreachable
from client.pairing import Exchange, pair
from protocol.devices import DeviceKind
from protocol.errors import ErrorCode, MalformedMessage
from protocol.pairing import (
    PAIR_PATH,
    PairAnswer,
    PairBegan,
    PairBegin,
    Paired,
    PairRefusal,
    PairRefused,
    PairRequest,
    decode_request,
)
from tests.helpers.web_server import serving

CODE = "01234567"
Answer = Callable[[PairRequest], PairAnswer]
Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def gateway(
    folder: Path, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> AsyncIterator[str]:
    """Run a TLS server that answers only pairing requests."""
    tls = server_context(own_certificate(folder))
    async with serving(web.post(PAIR_PATH, handler), tls=tls) as url:
        yield f"{url}/"


def saying(answer: Answer) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(answer(decode_request(await request.read()))))

    return handler


def began() -> PairBegan:
    """Return an answer of a peer that does not know the code."""
    return PairBegan("e", SPAKE2_B(b"00000000").start())


@pytest.mark.parametrize("reason", PairRefusal)
async def test_pairing_refusal_raises_error_with_its_reason(tmp_path: Path, reason: PairRefusal) -> None:
    async with gateway(tmp_path, saying(lambda said: PairRefused(reason, 2))) as url:
        with pytest.raises(NotPaired) as raised:
            await pair(url, CODE, "n")
    assert raised.value.reason is reason and str(raised.value)
    assert isinstance(raised.value, Intercepted) is (reason is PairRefusal.INTERCEPTED)


async def test_peer_without_code_cannot_fake_a_pairing(tmp_path: Path) -> None:
    def lie(said: PairRequest) -> PairAnswer:
        return began() if isinstance(said, PairBegin) else Paired(bytes(32), bytes(99))

    async with gateway(tmp_path, saying(lie)) as url:
        with pytest.raises(Intercepted):
            await pair(url, CODE, "n")


@pytest.mark.parametrize(
    "answer",
    [
        lambda said: Paired(bytes(32), b""),
        lambda said: began(),
        lambda said: PairBegan("e", bytes(33)),
        lambda said: PairBegan("e", b"B\x02" + bytes(31)),
        lambda said: PairBegan("e", said.message),
    ],
)
async def test_pairing_answers_out_of_order_or_group_are_refused(tmp_path: Path, answer: Answer) -> None:
    async with gateway(tmp_path, saying(answer)) as url:
        with pytest.raises(Refused, match="update"):
            await pair(url, CODE, "n")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"type": "granted"}', b" " * 100_000])
async def test_unreadable_pairing_answers_are_refused(tmp_path: Path, body: bytes) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body)

    async with gateway(tmp_path, handler) as url:
        with pytest.raises(Refused, match="update"):
            await pair(url, CODE, "n")


@pytest.mark.parametrize(
    ("status", "error"), [(404, Refused), (503, TryLater), (500, Unreachable), (507, Unreachable), (302, Refused)]
)
async def test_http_errors_during_pairing_become_typed_errors(
    tmp_path: Path, status: int, error: type[GatewayError]
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": "https://elsewhere.example"})

    async with gateway(tmp_path, handler) as url:
        with pytest.raises(error):
            await pair(url, CODE, "n")


@pytest.mark.parametrize(("status", "code"), [(507, ErrorCode.DISK_FULL), (409, ErrorCode.CONFLICT)])
async def test_pairing_reports_gateway_that_cannot_store_device(
    tmp_path: Path, status: int, code: ErrorCode
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": {"code": code, "message": "make room"}}, status=status)

    async with gateway(tmp_path, handler) as url:
        with pytest.raises(DeviceNotKept, match="make room") as raised:
            await pair(url, CODE, "n")
    assert raised.value.code is code


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://", "127.0.0.1:8765", "https://[", ""])
async def test_pairing_refuses_urls_without_https(url: str) -> None:
    with pytest.raises(Refused, match="https://host:port"):
        await pair(url, CODE, "n")


async def test_pairing_raises_unreachable_when_no_server_listens() -> None:
    with pytest.raises(Unreachable):
        await pair("https://127.0.0.1:9", CODE, "n")


async def test_invalid_code_is_rejected_before_connecting() -> None:
    with pytest.raises(MalformedMessage, match="digits"):
        await pair("https://127.0.0.1:9", "1234", "n")


def test_device_name_is_cleaned_before_pairing() -> None:
    assert Exchange(CODE, " a\nb ").begin().name == "a b"
    assert Exchange(CODE, "\x00", DeviceKind.WORKER).begin().name == "device"


def test_exchange_finish_requires_confirm() -> None:
    with pytest.raises(RuntimeError):
        Exchange(CODE, "n").finish(Paired(bytes(32), b""))
