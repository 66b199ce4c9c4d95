"""How clients of the same user find the gateway of this computer: the endpoint file, and the key that it shows."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from backend.files import made_once, replace_file
from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage

KEY_FILE: Final = "gateway.key"


def own_key(folder: Path) -> str:
    """The key of this user's gateways: made once (file of mode 0600), then the same after every restart.

    A session belongs to the key that it was begun with: with a new key at each start, a client that comes back
    after a crash of the gateway would be refused its own session.
    """
    return made_once(folder / KEY_FILE, lambda: secrets.token_urlsafe(32).encode()).decode("ascii")


@contextmanager
def findable(file: Path | None, url: str, key: str, certificate_sha256: str = "") -> Iterator[None]:
    """Write the endpoint file (mode 0600, at once) and remove it afterwards if it is still ours."""
    if file is None:
        yield
        return
    endpoint = Endpoint(url, key, os.getpid(), certificate_sha256)
    replace_file(file, encode_endpoint(endpoint))
    try:
        yield
    finally:
        with suppress(FileNotFoundError, MalformedMessage):
            if decode_endpoint(file.read_bytes()) == endpoint:
                file.unlink()
