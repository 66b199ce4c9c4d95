"""Endpoint file of this computer's gateway: written by the gateway, read by every client of the same user."""

from typing import Final

import msgspec
from msgspec import Struct

from protocol.decoding import explain
from protocol.errors import MalformedMessage

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


def decode_endpoint(data: bytes) -> Endpoint:
    """Parse the endpoint file. Raises ``MalformedMessage``."""
    try:
        return msgspec.json.decode(data, type=Endpoint)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"the endpoint file is damaged: {explain(error, Endpoint)}") from error
