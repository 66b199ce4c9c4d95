"""Wait for the ends of connections, which the closing of a client does not for TLS."""

import asyncio
import os
import socket
from contextlib import closing, suppress
from urllib.parse import urlsplit

import psutil

from tests.helpers.waiting import wait_until

_GRACE_S = 5.0
_LAST_TURNS_S = 0.1


async def disconnected(url: str) -> None:
    """Wait until no connection leads to the port of ``url``: the loop of a test ends with it.

    One whose other side does not answer the close of TLS is cut.
    """
    port, what = urlsplit(url).port, f"the connections to {url} are closed"

    def there() -> list[int]:
        found = psutil.Process().net_connections("tcp")  # an empty address: it only listens
        return [one.fd for one in found if tuple(one.raddr)[1:] == (port,)]

    with suppress(AssertionError):
        await wait_until(lambda: not there(), what, _GRACE_S)
    for number in there():
        with closing(socket.socket(fileno=os.dup(number))) as end, suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    await wait_until(lambda: not there(), what)
    for transport in list(vars(asyncio.get_running_loop()).get("_transports", {}).values()):
        transport.abort()  # one whose reading is paused never learns of its end
    await asyncio.sleep(_LAST_TURNS_S)  # the loop closes its side in its next turns, which nothing shows
