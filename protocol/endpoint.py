"""Endpoint file of this computer's gateway: written by the gateway, read by every client of the same user."""

from typing import Final

import msgspec
from msgspec import Struct

from protocol.decoding import JsonDecoder

ENDPOINT_FILE: Final = "gateway.json"


class Endpoint(Struct, frozen=True):
    """Address and key of the local gateway; the file that holds them has mode 0600.

    ``url`` is the base address (http://127.0.0.1:PORT). ``certificate_sha256`` is the fingerprint of the
    certificate that the gateway presents to other devices, by which discovery recognises it; empty if it has
    none.
    """

    url: str
    key: str
    pid: int
    certificate_sha256: str = ""


def encode_endpoint(endpoint: Endpoint) -> bytes:
    """Return the contents of the endpoint file."""
    return msgspec.json.encode(endpoint)


decode_endpoint: Final[JsonDecoder[Endpoint]] = JsonDecoder(Endpoint, "the endpoint file is damaged: ")
