"""Discovery of shared gateways on the local network: mDNS and DNS-SD (RFC 6762, RFC 6763).

The TXT record contains no secret and is not trusted: a gateway proves its identity with the certificate that was
pinned at pairing. The certificate also identifies a paired gateway whose address changed.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

SERVICE: Final = "_kikipounamu._tcp.local."
_VERSION: Final = "1"
_LONGEST_LABEL: Final = 63
_HEX: Final = frozenset("0123456789abcdef")


class Announcement(NamedTuple):
    """Announced identity of a gateway: certificate fingerprint and program version."""

    certificate_sha256: str
    version: str = ""


def encode_text(announcement: Announcement) -> dict[str, str]:
    """Return the TXT record of an announcement."""
    return {"v": _VERSION, "certificate": announcement.certificate_sha256, "version": announcement.version}


def decode_text(record: Mapping[bytes, bytes | None]) -> Announcement | None:
    """Parse a TXT record; return ``None`` if it is not from a kikipounamu gateway."""
    fields = {name: (value or b"").decode("ascii", "replace") for name, value in record.items()}
    certificate, version = fields.get(b"certificate", ""), fields.get(b"version", "")
    if fields.get(b"v") != _VERSION or len(certificate) != 64 or not set(certificate) <= _HEX:
        return None
    return Announcement(certificate, version if version.isprintable() else "")


def service_name(name: str, service: str = SERVICE) -> str:
    """Return the full DNS-SD name of a gateway called ``name`` for a service; a label holds at most 63 bytes."""
    label = name.encode()[:_LONGEST_LABEL].decode(errors="ignore").strip()
    return f"{label or 'kikipounamu'}.{service}"
