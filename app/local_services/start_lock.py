"""Let one process of this user at a time start a gateway.

The next process finds it running.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from app.core.errors import StartedElsewhere
from runtime.folders import folders, private_folder
from runtime.locking import try_lock

_LOOK_S: Final = 0.1


@asynccontextmanager
async def starting_alone(deadline_s: float) -> AsyncIterator[None]:
    """Hold the start lock, which the system releases when the process ends. Raises ``StartedElsewhere``."""
    descriptor = os.open(private_folder(folders().runtime) / "starting.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _take(descriptor, deadline_s)
        yield
    finally:
        os.close(descriptor)


async def _take(descriptor: int, deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            while not try_lock(descriptor):  # noqa: ASYNC110 - another process cannot set an event here
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as error:
        raise StartedElsewhere(deadline_s) from error
