"""How clients of the same user find the gateway of this computer: the endpoint file, and the key that it shows."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import private_folder

_KEY_FILE: Final = "gateway.key"


def own_key(folder: Path) -> str:
    """The key of this user's gateways: made once (file of mode 0600), then the same after every restart.

    A session belongs to the key that it was begun with: with a new key at each start, a client that comes back
    after a crash of the gateway would be refused its own session.
    """
    file = private_folder(folder) / _KEY_FILE
    with suppress(FileNotFoundError):
        return file.read_text(encoding="ascii")
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{_KEY_FILE}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as temporary:
            temporary.write(secrets.token_urlsafe(32))
        with suppress(FileExistsError):  # another gateway was first: its key is ours
            os.link(name, file)
    finally:
        os.unlink(name)
    return file.read_text(encoding="ascii")


@contextmanager
def findable(file: Path | None, url: str, key: str) -> Iterator[None]:
    """Write the endpoint file (mode 0600, at once) and remove it afterwards if it is still ours."""
    if file is None:
        yield
        return
    endpoint = Endpoint(url, key, os.getpid())
    _write(file, encode_endpoint(endpoint))
    try:
        yield
    finally:
        with suppress(FileNotFoundError, MalformedMessage):
            if decode_endpoint(file.read_bytes()) == endpoint:
                file.unlink()


def _write(file: Path, data: bytes) -> None:
    private_folder(file.parent)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mkstemp: mode 0600
    try:
        with os.fdopen(descriptor, "wb") as temporary:
            temporary.write(data)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
