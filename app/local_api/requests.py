"""Which requests of local programs are passed on. Pure.

A web page of any site can reach a port of this computer through the user's browser. It cannot hide that: browsers
send ``Origin`` with such requests, and the name of the site as ``Host`` when it resolves to this computer.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

PATHS: Final = frozenset(
    {
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/models",
        "/v1/realtime",
        "/v1/funasr",
        "/v1/listen",
        "/ws/asr",
        "/v1/vosk",
        "/inference",
    }
)
"""Interfaces whose sessions nobody else can resume."""
SOCKETS_ONLY: Final = "/"
_ONE_MODEL: Final = re.compile(r"/v1/models/(?!\.{1,2}$)[\w.-]{1,64}", re.ASCII)
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_OF_ONE_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "host", "origin"),
        *("authorization", "proxy-authorization", "proxy-authenticate", "cookie", "content-length"),
    }
)
_SCHEMES: Final = ("bearer", "token")
_OF_A_SOCKET: Final = "sec-websocket-"


def refused(path: str, host: str, origin: str | None, *, socket: bool) -> tuple[int, str] | None:
    """Return status and message of a refusal, or ``None`` if the request is passed on."""
    if origin is not None:
        return 403, "web pages may not use this port"
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in _HERE:
        return 403, "this port answers to the names of this computer only, such as 127.0.0.1"
    if path not in PATHS and not _ONE_MODEL.fullmatch(path) and not (socket and path == SOCKETS_ONLY):
        return 404, f"nothing is here: this port has {', '.join(sorted(PATHS))}"
    return None


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a request that the gateway gets; keys of local programs are not among them."""
    return {name: value for name, value in headers.items() if _may_pass(name)}


def subprotocols(headers: Iterable[str]) -> tuple[str, ...]:
    """Return the offered subprotocols, without one that holds a key."""
    names = [name.strip() for header in headers for name in header.split(",")]
    if names and names[0].lower() in _SCHEMES:  # the next one is the key
        return names[0], *names[2:]
    return tuple(name for name in names if name and not name.startswith("openai-insecure-api-key."))


def _may_pass(name: str) -> bool:
    return name.lower() not in _OF_ONE_HOP and not name.lower().startswith(_OF_A_SOCKET)
