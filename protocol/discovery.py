"""How a shared gateway is found on the local network: mDNS and DNS-SD (RFC 6762, RFC 6763).

The TXT record says nothing that is secret, and nothing that is to be believed: whoever is there proves itself by
the certificate that pairing has pinned. By that certificate a paired gateway is known again at another address.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

SERVICE: Final = "_kikipounamu._tcp.local."
_VERSION: Final = "1"
_LONGEST_LABEL: Final = 63
_HEX: Final = frozenset("0123456789abcdef")


class Announcement(NamedTuple):
    """``version``: of the program."""

    certificate_sha256: str
    version: str = ""


def encode_text(said: Announcement) -> dict[str, str]:
    """The TXT record."""
    return {"v": _VERSION, "certificate": said.certificate_sha256, "version": said.version}


def decode_text(record: Mapping[bytes, bytes | None]) -> Announcement | None:
    """Read it; ``None``: not one of ours."""
    said = {name: (value or b"").decode("ascii", "replace") for name, value in record.items()}
    certificate, version = said.get(b"certificate", ""), said.get(b"version", "")
    if said.get(b"v") != _VERSION or len(certificate) != 64 or not set(certificate) <= _HEX:
        return None
    return Announcement(certificate, version if version.isprintable() else "")


def service_name(name: str) -> str:
    """The full name of a gateway that people call ``name``: a label has at most 63 bytes."""
    label = name.encode()[:_LONGEST_LABEL].decode(errors="ignore").strip()
    return f"{label or 'kikipounamu'}.{SERVICE}"
