"""Admission of long-lived readers (live feed, exports), and writes that stuck readers cannot block."""

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from typing import Final

from aiohttp import web

from backend.core.refusal import Refusal, RefusalReason

SHARE: Final = 4
"""Divisor of places: one key gets at most a quarter, and a quarter is reserved for the owner."""
_RETRY_S: Final = 5.0
_PIECE: Final = 64 * 1024

Owners = Counter[str | None]
"""Number of readers by owner id of their key; ``None``: the gateway's owner."""


def refuse_viewer(watching: Owners, owner: str | None, most: int) -> Refusal | None:
    """Return why this key may not open another reader now, or ``None``. Pure."""
    share = most // SHARE
    if owner is not None and watching[owner] >= max(1, share):
        message = f"{watching[owner]} of this key already read this, which is its limit"
        return Refusal(429, RefusalReason.KEY_STREAMS, message, _RETRY_S)
    if watching.total() >= (most if owner is None else most - share):
        return Refusal(429, RefusalReason.CONNECTIONS, f"{watching.total()} already read this", _RETRY_S)
    return None


def keep_little(request: web.Request) -> None:
    """Limit the kernel's send buffer: a viewer that does not read is noticed after minutes, not hours."""
    connection = request.get_extra_info("socket")
    with suppress(OSError):
        if connection is not None:  # None once the client has left
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIECE)


async def write_pieces(response: web.StreamResponse, data: bytes, piece_s: float) -> None:
    """Write in pieces with a deadline of ``piece_s`` each, because connections may be slow.

    Raises ``TimeoutError``.
    """
    for at in range(0, len(data), _PIECE):
        async with asyncio.timeout(piece_s):
            await response.write(data[at : at + _PIECE])
