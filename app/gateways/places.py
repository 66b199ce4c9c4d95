"""Where somebody wants to pair, as it was typed or pasted. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from protocol.errors import MalformedMessage
from protocol.pairing import CODE_DIGITS, LINK_SCHEME, decode_link

PORT: Final = 8765


@dataclass(frozen=True)
class Place:
    """``code`` and ``certificate_sha256``: where a pairing link was pasted, which says them too."""

    urls: tuple[str, ...]
    code: str = ""
    certificate_sha256: str = ""


def place_of(typed: str) -> Place | None:
    """What is meant by it: an address, with or without scheme and port, or a pairing link; ``None``: nothing."""
    text = typed.strip()
    if text.lower().startswith(f"{LINK_SCHEME}:"):
        try:
            return Place(*decode_link(text))
        except MalformedMessage:
            return None
    url = _url(text)
    return Place((url,)) if url else None


def grouped(code: str) -> str:
    """The digits of a code that is being typed, in two groups; whatever else was pasted with them is left out."""
    digits = "".join(sign for sign in code if sign.isascii() and sign.isdigit())[:CODE_DIGITS]
    half = CODE_DIGITS // 2
    return f"{digits[:half]} {digits[half:]}" if len(digits) > half else digits


def is_whole(code: str) -> bool:
    """Whether nothing is missing of it."""
    return sum(sign.isdigit() for sign in code) == CODE_DIGITS


def shown(url: str) -> str:
    """For people: without the scheme, which is always the same."""
    return urlsplit(url).netloc or url


def _url(text: str) -> str:
    try:
        if "://" not in text and ":" in text and "[" not in text:
            text = f"[{ipaddress.IPv6Address(text)}]"
    except ValueError:
        pass  # a host with its port
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        return ""
    strange = not host or any(sign.isspace() or not sign.isprintable() for sign in text) or parts.username
    if strange or parts.scheme not in {"http", "https"} or not port:
        return ""
    return f"https://{f'[{host}]' if ':' in str(host) else host}:{port}"
