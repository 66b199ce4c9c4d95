"""OpenAI's routes for files for ``fuzz``: forms with wrong fields, broken bodies and broken files. Pure."""

import random
import struct
from typing import Final
from urllib.parse import urlsplit

from client.connection import Address
from loadtest.scenarios.fuzzing.mutations import NASTY
from loadtest.scenarios.fuzzing.requests import HEADERS

_PATHS: Final = {"/v1/audio/transcriptions": 6, "/inference": 3, "/v1/audio/translations": 2, "/v1/models": 1}
_BOUNDARY: Final = b"fuzz-boundary"
_WHOLE: Final = 0.03
"""Part of the forms that is valid. A process reads each such file: there are few."""
_REFUSED: Final = ("temperature", "nan")
_CHANCE: Final = 0.15
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

Part = tuple[bytes, bytes]
"""Headers and content of a part of a form."""


def request(source: random.Random, address: Address) -> bytes:
    """Return one request with a form."""
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
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(address.url).netloc}"]
    lines += ["Connection: close", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    if address.key and source.random() > _CHANCE / 3:
        lines.append(f"Authorization: Bearer {address.key}")
    if source.random() < _CHANCE / 2:
        lines.append(source.choice(HEADERS))
    return "\r\n".join((*lines, "", "")).encode(errors="replace") + body


def _damage(source: random.Random, parts: list[Part]) -> None:
    """Change one of the parts, or add some."""
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
    """Return a short file of 16 kHz mono PCM, sometimes one whose header lies."""
    pcm = source.randbytes(2 * source.choice((0, 160, 8_000)))
    declared = source.choice((len(pcm), len(pcm), len(pcm), 0, 2**32 - 1))
    rate = source.choice((16_000, 16_000, 16_000, 0, 2**31))
    riff = struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE")
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 32_000, 2, 16)
    return riff + layout + struct.pack("<4sI", b"data", declared) + pcm
