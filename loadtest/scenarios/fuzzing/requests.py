"""Mutated HTTP requests: handshakes of the stream, other routes of a gateway, and forms with files. Pure."""

import random
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit
from uuid import UUID

from client.connection import Address
from loadtest.scenarios.fuzzing.mutations import NASTY

_CHANCE: Final = 0.15
_LEFT_OUT: Final = ("/v1/pair", "/v1/monitor", "/v1/broker", "/v1/stream")
"""Routes whose connections stay open, and pairing, which an owner may be doing meanwhile."""
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
_HEADERS: Final = (
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
_PATHS: Final = {"/v1/audio/transcriptions": 6, "/inference": 3, "/v1/audio/translations": 2, "/v1/models": 1}
_BOUNDARY: Final = b"fuzz-boundary"
_WHOLE: Final = 0.03
"""Share of the forms that is valid: few, because a process is started to read each such file."""
_REFUSED: Final = ("temperature", "nan")
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "model": ("whisper-1", "gpt-4o-transcribe", ""),
    "language": ("en", "zh", ""),
    "prompt": ("Ann, Bob", ""),
    "response_format": ("json", "text", "srt", "vtt", "verbose_json"),
    "temperature": ("0", "1", "0.5", ""),
    "timestamp_granularities[]": ("word", "segment"),
    "stream": ("false", ""),
    "include[]": ("logprobs",),
}


class FuzzedRoute(NamedTuple):
    """Route of a gateway: a method, and a path with its parameters in braces."""

    method: str
    path: str


def routes(openapi: dict[str, Any]) -> tuple[FuzzedRoute, ...]:
    """Return the routes that may be fuzzed, from the gateway's OpenAPI document."""
    return tuple(
        FuzzedRoute(method.upper(), path)
        for path, methods in openapi.get("paths", {}).items()
        for method in methods
        if method.upper() in _METHODS and not path.startswith(_LEFT_OUT)
    )


def request(source: random.Random, known: Sequence[FuzzedRoute], address: Address) -> bytes:
    """Return one request: a route with random parameters, sometimes with another method, header or body."""
    method, path = source.choice(known)
    if source.random() < _CHANCE:
        method = source.choice(_METHODS)
    path = "/".join(_value(source) if "{" in part else part for part in path.split("/"))
    chosen = source.sample(_QUERIES, source.choice((0, 0, 1, 2)))
    query = "&".join(f"{name}={_value(source)}" for name in chosen)
    body = source.choice(_BODIES) if method not in ("GET", "HEAD") else b""
    kind = source.choice(_TYPES) if body else None
    line = f"{method} {path}{'?' if query else ''}{query}"
    return _assemble(source, address, line, body, kind, (_CHANCE, _CHANCE))


def _assemble(
    source: random.Random,
    address: Address,
    line: str,
    body: bytes,
    kind: str | None,
    chances: tuple[float, float],
) -> bytes:
    """Return the bytes of a request. ``chances``: that the key is left out, and that an odd header is added."""
    without_key, odd = chances
    lines = [f"{line} HTTP/1.1", f"Host: {urlsplit(address.url).netloc}"]
    lines += ["Connection: close", f"Content-Length: {len(body)}"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if address.key and source.random() > without_key:
        lines.append(f"Authorization: Bearer {address.key}")
    if source.random() < odd:
        lines.append(source.choice(_HEADERS))
    return "\r\n".join((*lines, "", "")).encode(errors="replace") + body


def bad_handshake(source: random.Random, whole: bytes) -> bytes:
    """Return a handshake in which something is missing, repeated or wrong, or bytes that are not HTTP."""
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
            lines.insert(at, source.choice(_HEADERS).encode())
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


Part = tuple[bytes, bytes]
"""Headers and content of a part of a form."""


def openai_request(source: random.Random, address: Address) -> bytes:
    """Return one request with a form for OpenAI's routes for files: with wrong fields, body or file."""
    chosen = source.sample([*_FIELDS], source.randint(0, 4))
    parts = [_field(name, source.choice(_FIELDS[name])) for name in chosen]
    parts.insert(source.randint(0, len(parts)), _file(source))
    if source.random() > _WHOLE:
        _damage(source, parts)
        parts.append(_field(*_REFUSED))
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (_BOUNDARY, *part) for part in parts) + b"--%b--\r\n" % _BOUNDARY
    kind = f"multipart/form-data; boundary={_BOUNDARY.decode()}"
    if source.random() < _CHANCE:
        body = body[: source.randrange(len(body))]
    if source.random() < _CHANCE:
        kind = source.choice(("multipart/form-data", "application/json", "text/plain", f"{kind}x", "\u00e9", ""))
    method = source.choice(("POST",) * 20 + ("GET", "PUT", "DELETE", "OPTIONS"))
    path = source.choices(tuple(_PATHS), tuple(_PATHS.values()))[0]
    return _assemble(source, address, f"{method} {path}", body, kind, (_CHANCE / 3, _CHANCE / 2))


def _damage(source: random.Random, parts: list[Part]) -> None:
    """Remove, repeat or change one of the parts, or add some."""
    at = source.randrange(len(parts))
    match source.randrange(6):
        case 0:
            parts.pop(at)
        case 1:
            parts.insert(at, parts[source.randrange(len(parts))])
        case 2:
            parts[at] = parts[at][0], source.randbytes(source.choice((0, 10, 40_000)))
        case 3:
            parts[at] = source.choice((b"", b"X: y", b"Content-Disposition: form-data", b"\xff\xfe")), parts[at][1]
        case 4:
            parts += [_field(f"field{number}", "x") for number in range(40)]
        case _:
            name = source.choice(("response_format", "temperature", "timestamp_granularities[]", "language"))
            parts.append(_field(name, str(source.choice(NASTY))))


def _field(name: str, value: str) -> Part:
    return f'Content-Disposition: form-data; name="{name}"'.encode(), value.encode()


def _file(source: random.Random) -> Part:
    name = source.choice(("speech.wav", "speech.mp3", "..%2f..", "\u4f60.wav", ""))
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: audio/wav'
    return head.encode(), _wav(source)


def _wav(source: random.Random) -> bytes:
    """Return a short file of 16 kHz mono PCM, sometimes with a wrong header."""
    pcm = source.randbytes(2 * source.choice((0, 160, 8_000)))
    declared = source.choice((len(pcm), len(pcm), len(pcm), 0, 2**32 - 1))
    rate = source.choice((16_000, 16_000, 16_000, 0, 2**31))
    riff = struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE")
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 32_000, 2, 16)
    return riff + layout + struct.pack("<4sI", b"data", declared) + pcm
