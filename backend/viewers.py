"""Who may read what takes long, the live feed and exports, and how it is written to them: nobody who stops to read
keeps another one out.
"""

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from typing import Final

from aiohttp import web

from backend.admission import Refusal
from backend.observing import RefusalReason

SHARE: Final = 4
"""One key has at most a quarter of the places, and a quarter is for the owner alone."""
_RETRY_S: Final = 5.0
_PIECE: Final = 64 * 1024

Owners = Counter[str | None]
"""How many read, by whose key they have; ``None``: the gateway's owner's."""


def refuse_viewer(watching: Owners, owner: str | None, most: int) -> Refusal | None:
    """Why one more of this key may not read this now, if it may not. Pure."""
    share = most // SHARE
    if owner is not None and watching[owner] >= max(1, share):
        message = f"{watching[owner]} of this key already read this, which is its limit"
        return Refusal(429, RefusalReason.KEY_STREAMS, message, _RETRY_S)
    if watching.total() >= (most if owner is None else most - share):
        return Refusal(429, RefusalReason.CONNECTIONS, f"{watching.total()} already read this", _RETRY_S)
    return None


def keep_little(request: web.Request) -> None:
    """The kernel holds little for a viewer: one that does not read is noticed after minutes, not hours."""
    connection = request.get_extra_info("socket")
    with suppress(OSError):
        if connection is not None:  # it may have left
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE)


async def write_pieces(response: web.StreamResponse, data: bytes, piece_s: float) -> None:
    """Each must be taken within ``piece_s``, for a line may be slow. Raises ``TimeoutError``."""
    for at in range(0, len(data), _PIECE):
        async with asyncio.timeout(piece_s):
            await response.write(data[at : at + _PIECE])
