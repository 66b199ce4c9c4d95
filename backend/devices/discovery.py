"""Discovery of this computer's gateway by clients of the same user: the endpoint file and its key."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from backend.core.private_files import create_once, replace_file
from protocol.endpoint import Endpoint, decode_endpoint, encode_endpoint
from protocol.errors import MalformedMessage
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks
from runtime.whole_file import read_regular

log = loggers.BACKEND_ACCESS

KEY_FILE: Final = "gateway.key"
_THERE_S: Final = 2.0
_KEY: Final = re.compile(rb"[!-~]{1,512}")


def own_key(folder: Path) -> str:
    """Return the key of this user's gateways: made once (file of mode 0600), then kept.

    A session belongs to the key that began it. With a new key at each start, a client that returns after a crash
    of the gateway would be refused its own session. A file without a usable key, as a power loss may leave it, is
    replaced: an empty key would admit every device.
    """
    file = folder / KEY_FILE
    key = _load_or_make(file)
    if _KEY.fullmatch(key) is None:
        log.warning(LogEvent.GATEWAY_KEY_REPLACED, file=str(file))
        with suppress(FileNotFoundError):
            os.replace(file, file.with_name(f"{KEY_FILE}.damaged"))
        key = _load_or_make(file)
    return key.decode("ascii")


def _load_or_make(file: Path) -> bytes:
    return create_once(file, lambda: secrets.token_urlsafe(32).encode()).strip()


@asynccontextmanager
async def findable(
    file: Path | None, url: str, key: str, certificate_sha256: str = "", there_s: float = _THERE_S
) -> AsyncIterator[None]:
    """Write the endpoint file (mode 0600, atomically), and remove it afterwards if it is still this gateway's.

    Every ``there_s`` seconds it is written again if a cleaner of temporary files has removed it.
    """
    if file is None:
        yield
        return
    endpoint = Endpoint(url, key, os.getpid(), certificate_sha256)
    replace_file(file, encode_endpoint(endpoint))
    try:
        async with Tasks("endpoint") as tasks:
            tasks.start(_keep_there(file, encode_endpoint(endpoint), there_s), "stay")
            yield
    finally:
        _remove(file, endpoint)


async def _keep_there(file: Path, content: bytes, there_s: float) -> None:
    while True:
        await asyncio.sleep(there_s)
        _restore(file, content)  # not in a thread, which could write it after ``_remove``


def _restore(file: Path, content: bytes) -> None:
    with suppress(OSError):  # no room or no permission: try again next time
        if not file.exists():
            replace_file(file, content)


def _remove(file: Path, endpoint: Endpoint) -> None:
    with suppress(FileNotFoundError, MalformedMessage):
        if decode_endpoint(read_regular(file)) == endpoint:
            file.unlink()
