"""Selection of the gateway, and its answers to HTTP queries."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from client.connection import Address
from client.errors import GatewayError, Refused, TryLater, Unauthorised, Unreachable
from loadtest.core.gateway import READY, WORKERS, answer, ask, local_process, locator
from protocol.endpoint import Endpoint, encode_endpoint
from tests.helpers.web_server import serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which this computer's gateway would publish its address."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_local_gateway_is_located_at_each_call(home: Path) -> None:
    locate = locator("", "")
    with pytest.raises(Unreachable, match="kikipounamu up"):
        locate()
    assert local_process("") == 0
    for port in (1, 2):
        (home / "gateway.json").write_bytes(encode_endpoint(Endpoint(f"http://127.0.0.1:{port}", "k", 77)))
        assert locate().url.endswith(f":{port}") and locate().key == "k"
    assert local_process("") == local_process("http://127.0.0.1:2/") == 77
    assert local_process("http://elsewhere:2") == 0


def test_named_gateway_is_used() -> None:
    address = locator("https://h:1", "key")()
    assert (address.url, address.key) == ("https://h:1", "key")


def test_certificate_digest_is_validated(home: Path) -> None:
    digest = "ab" * 32
    with_colons = ":".join(["ab"] * 32)
    assert locator("https://h:1", "key", with_colons)().certificate_sha256 == digest
    for gateway, said in (
        ("https://h:1", "abc"),
        ("https://h:1", "ab"),
        ("http://127.0.0.1:1", digest),
        ("http://h:1", ""),
    ):
        with pytest.raises(Refused):
            locator(gateway, "key", said)


@pytest.mark.parametrize(("said", "heard"), [('{"a": 1}', {"a": 1}), ("[1]", {}), ("{", {}), ("", {})])
async def test_ask_returns_empty_for_unusable_answers(said: str, heard: dict[str, int]) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=said, status=503)

    async with serving(web.get(READY, say)) as url, aiohttp.ClientSession() as http:
        assert await ask(http, Address(url + "/"), READY) == heard


@pytest.mark.parametrize(
    ("status", "said", "path", "error"),
    [
        (401, '{"error": {}}', WORKERS, Unauthorised),
        (503, "{}", WORKERS, TryLater),
        (503, "<html>", READY, TryLater),
        (200, "<html>", READY, Refused),
        (404, "{}", READY, Refused),
    ],
)
async def test_answer_raises_typed_error_for_unusable_answers(
    status: int, said: str, path: str, error: type[GatewayError]
) -> None:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=said, status=status)

    async with serving(web.get(path, say)) as url, aiohttp.ClientSession() as http:
        with pytest.raises(error):
            await answer(http, Address(url), path)
        assert await ask(http, Address(url), path) == {}


async def test_ask_returns_empty_when_no_server_listens() -> None:
    async with aiohttp.ClientSession() as http:
        assert await ask(http, Address("http://127.0.0.1:9"), "/x") == {}
