"""Where the gateway of this computer listens: written by the gateway, read by every client of the same user."""

from typing import Final

import msgspec
from msgspec import Struct

from protocol.errors import MalformedMessage

ENDPOINT_FILE: Final = "gateway.json"


class Endpoint(Struct, frozen=True):
    """``url`` is the base address (http://127.0.0.1:PORT); the file that holds it has mode 0600.

    ``certificate_sha256``: of what it shows to other devices, by which it is known again on the network; or empty.
    """

    url: str
    key: str
    pid: int
    certificate_sha256: str = ""


def encode_endpoint(endpoint: Endpoint) -> bytes:
    """The contents of the endpoint file."""
    return msgspec.json.encode(endpoint)


def decode_endpoint(data: bytes) -> Endpoint:
    """Read the endpoint file. Raises ``MalformedMessage``."""
    try:
        return msgspec.json.decode(data, type=Endpoint)
    except msgspec.DecodeError as error:
        raise MalformedMessage(f"the endpoint file is damaged: {error}") from error
