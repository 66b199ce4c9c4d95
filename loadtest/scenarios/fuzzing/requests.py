"""Mutated HTTP requests: handshakes of the stream, and the other routes of a gateway. Pure."""

import random
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID

from client.connection import Address

_CHANCE: Final = 0.15
_LEFT_OUT: Final = ("/v1/pair", "/v1/monitor", "/v1/broker", "/v1/stream")
"""Routes that stay open, and pairing: an owner who pairs a device meanwhile should not be disturbed."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X" * 40)
_VALUES: Final = (
    "", "0", "-1", "1", "99999999999999999999", "1e9", "nan", "true", "null", "x" * 300, "%00", "%ff", "%",
    "..%2f..", "'\"<>&;", "en", "srt", "2026-01-01", "00000000-0000-0000-0000-000000000000",
    "\u4f60\u597d", "*", "(", '"',
)  # fmt: skip
_QUERIES: Final = (
    "before", "after", "limit", "kind", "state", "q", "format", "language", "from", "to", "unknown", "api_key"
)  # fmt: skip
_BODIES: Final = (b"", b"{}", b"[]", b"null", b"{", b"\xff\xfe", b'{"name": 1}', b'{"name": "x"}', b"a=b&c=d")
_TYPES: Final = (
    "application/json",
    "text/plain",
    "multipart/form-data",
    "multipart/form-data; boundary=b",
    "\u00e9",
)
HEADERS: Final = (
    "Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999",
    "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Content-Encoding: gzip", "Expect: 100-continue",
    "Expect: x", "Range: bytes=5-1", "Authorization: Bearer wrong", "Authorization: Basic \u00ff",
    "Origin: http://evil.example", "Host: ", "A" * 9_000, "Cookie: " + "a=b; " * 500, "X-Forwarded-For: 1.2.3.4",
    ": empty", "No colon",
    "If-None-Match: *", "Upgrade: h2c",
)  # fmt: skip

_REQUEST_LINES: Final = (
    b"GET /v1/stream HTTP/0.9", b"GET /v1/stream HTTP/9.9", b"POST /v1/stream HTTP/1.1", b"GET  HTTP/1.1",
    b"GET /v1/stream?resume=1&resume=x HTTP/1.1", b"\x16\x03\x01\x02",
)  # fmt: skip


class FuzzedRoute(NamedTuple):
    """Route of a gateway: a method, and a path with its parameters in braces."""

    method: str
    path: str


def routes(openapi: dict[str, Any]) -> tuple[FuzzedRoute, ...]:
    """Return the routes that may be fuzzed, from the gateway's own description."""
    return tuple(
        FuzzedRoute(method.upper(), path)
        for path, methods in openapi.get("paths", {}).items()
        for method in methods
        if method.upper() in _METHODS and not path.startswith(_LEFT_OUT)
    )


def request(source: random.Random, known: Sequence[FuzzedRoute], address: Address) -> bytes:
    """Return one request: a route with random parameters, sometimes another method, headers or body."""
    method, path = source.choice(known)
    if source.random() < _CHANCE:
        method = source.choice(_METHODS)
    path = "/".join(_value(source) if "{" in part else part for part in path.split("/"))
    chosen = source.sample(_QUERIES, source.choice((0, 0, 1, 2)))
    query = "&".join(f"{name}={_value(source)}" for name in chosen)
    body = source.choice(_BODIES) if method not in ("GET", "HEAD") else b""
    lines = [f"{method} {path}{'?' if query else ''}{query} HTTP/1.1", f"Host: {urlsplit(address.url).netloc}"]
    lines += ["Connection: close", f"Content-Length: {len(body)}"]
    if body:
        lines.append(f"Content-Type: {source.choice(_TYPES)}")
    if address.key and source.random() > _CHANCE:
        lines.append(f"Authorization: Bearer {address.key}")
    if source.random() < _CHANCE:
        lines.append(source.choice(HEADERS))
    return "\r\n".join((*lines, "", "")).encode(errors="replace") + body


def bad_handshake(source: random.Random, whole: bytes) -> bytes:
    """Return a handshake with something left out, repeated, wrong, or no HTTP at all."""
    lines = whole.split(b"\r\n")[:-2]
    at = source.randrange(1, len(lines))
    match source.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at] = lines[at].split(b":")[0] + b": " + source.choice((b"", b"x", b"0", b"\xff", b"a" * 3_000))
        case 3:
            lines.insert(at, source.choice(HEADERS).encode())
        case 4:
            lines[0] = source.choice(_REQUEST_LINES)
        case _:
            return source.randbytes(source.randint(1, 200)) + b"\r\n\r\n"
    return b"\r\n".join((*lines, b"", b""))


def _value(source: random.Random) -> str:
    value = source.choice(_VALUES)
    if source.random() < _CHANCE:
        return str(UUID(int=source.getrandbits(128), version=4))
    return value if value.startswith("%") else quote(value)
