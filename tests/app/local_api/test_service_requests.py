"""Requests of web pages are refused, and keys of local programs go no further."""

import pytest

from app.local_api.service import forwarded_headers, refusal_of, subprotocols


@pytest.mark.parametrize("host", ["127.0.0.1:9876", "localhost", "[::1]:9876", "LOCALHOST:1"])
def test_local_program_is_served(host: str) -> None:
    assert refusal_of("/v1/audio/transcriptions", host, None, socket=False) is None
    assert refusal_of("/", host, None, socket=True) is None
    assert refusal_of("/v1/models/whisper-base", host, None, socket=False) is None


@pytest.mark.parametrize(
    ("path", "host", "origin", "status"),
    [
        ("/v1/models", "127.0.0.1", "https://evil.example", 403),
        ("/v1/models", "127.0.0.1", "null", 403),
        ("/v1/models", "evil.example:9876", None, 403),
        ("/v1/models", "[", None, 403),
        ("/v1/models", "", None, 403),
        ("/v1/stream", "localhost", None, 404),
        ("/v1/devices", "localhost", None, 404),
        ("/v1/models/../devices", "localhost", None, 404),
        ("/v1/models/..", "localhost", None, 404),
        ("/v1/models/", "localhost", None, 404),
        ("/", "localhost", None, 404),
    ],
)
def test_other_requests_are_refused(path: str, host: str, origin: str | None, status: int) -> None:
    found = refusal_of(path, host, origin, socket=False)
    assert found is not None and found[0] == status


def test_keys_and_headers_of_one_hop_stay_here() -> None:
    given = {"Authorization": "Bearer sk-x", "Cookie": "a", "Host": "x", "Content-Type": "text/plain", "X-Y": "z"}
    assert forwarded_headers(given | {"Sec-WebSocket-Key": "k"}) == {"Content-Type": "text/plain", "X-Y": "z"}
    assert subprotocols(["realtime, openai-insecure-api-key.sk-x", "binary"]) == ("realtime", "binary")
    assert subprotocols(["token, a-key"]) == ("token",)
