"""Discovery of this computer's gateway by clients of the same user: the endpoint file and its key."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from backend.core.private_files import made_once, replace_file
from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage

KEY_FILE: Final = "gateway.key"


def own_key(folder: Path) -> str:
    """Return the key of this user's gateways: made once (file of mode 0600), then kept.

    A session belongs to the key that began it. With a new key at each start, a client that returns after a crash
    of the gateway would be refused its own session.
    """
    return made_once(folder / KEY_FILE, lambda: secrets.token_urlsafe(32).encode()).decode("ascii")


@contextmanager
def findable(file: Path | None, url: str, key: str, certificate_sha256: str = "") -> Iterator[None]:
    """Write the endpoint file (mode 0600, atomically), and remove it afterwards if it is still this gateway's."""
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
