"""One process of this user at a time starts a gateway; the next one finds it running."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.errors import StackFailed
from runtime.folders import folders, private_folder

_LOOK_S: Final = 0.1


@asynccontextmanager
async def starting_alone(deadline_s: float) -> AsyncIterator[None]:
    """Hold the lock; it goes with the process that holds it, however that ends. Raises ``StackFailed``."""
    descriptor = os.open(private_folder(folders().runtime) / "starting.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _take(descriptor, deadline_s)
        yield
    finally:
        os.close(descriptor)


async def _take(descriptor: int, deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            while not _taken(descriptor):  # noqa: ASYNC110 - another process cannot set an event here
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as error:
        raise StackFailed(f"for {deadline_s:g} s another process has been starting a gateway: end it") from error


def _taken(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
