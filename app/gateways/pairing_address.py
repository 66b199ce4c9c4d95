"""Parse the typed or pasted place of a gateway to pair with. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from protocol.errors import MalformedMessage
from protocol.pairing import CODE_DIGITS, LINK_SCHEME, decode_link

PORT: Final = 8765


@dataclass(frozen=True)
class GatewayAddress:
    """The place of a gateway. ``code`` and ``certificate_sha256``: only from a pairing link."""

    urls: tuple[str, ...]
    code: str = ""
    certificate_sha256: str = ""


def place_of(typed: str) -> GatewayAddress | None:
    """Parse an address, with or without scheme and port, or a pairing link; return ``None`` for anything else."""
    text = typed.strip()
    if text.lower().startswith(f"{LINK_SCHEME}:"):
        try:
            return GatewayAddress(*decode_link(text))
        except MalformedMessage:
            return None
    url = _url(text)
    return GatewayAddress((url,)) if url else None


def format_code(code: str) -> str:
    """Format the digits of a code being typed in two groups, without other pasted characters."""
    digits = "".join(sign for sign in code if sign.isascii() and sign.isdigit())[:CODE_DIGITS]
    half = CODE_DIGITS // 2
    return f"{digits[:half]} {digits[half:]}" if len(digits) > half else digits


def is_whole(code: str) -> bool:
    """Return whether the code has all its digits."""
    return sum(sign.isdigit() for sign in code) == CODE_DIGITS


def url_text(url: str) -> str:
    """Return the URL for display, without its scheme, which is always the same."""
    return urlsplit(url).netloc or url


def _url(text: str) -> str:
    try:
        if "://" not in text and ":" in text and "[" not in text:
            text = f"[{ipaddress.IPv6Address(text)}]"
    except ValueError:
        pass  # not an IPv6 address: a host with a port
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = parts.hostname, PORT if parts.port is None else parts.port
    except ValueError:
        return ""
    strange = not host or any(sign.isspace() or not sign.isprintable() for sign in text) or parts.username
    if strange or parts.scheme not in {"http", "https"} or not port:
        return ""
    return f"https://{f'[{host}]' if ':' in str(host) else host}:{port}"
