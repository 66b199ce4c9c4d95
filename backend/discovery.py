"""The endpoint file: how clients of the same user find the gateway of this computer."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage
from runtime.folders import private_folder


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
