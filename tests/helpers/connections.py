"""Wait for the ends of connections, which the closing of a client does not for TLS."""

from urllib.parse import urlsplit

import psutil

from tests.helpers.waiting import wait_until


async def disconnected(url: str) -> None:
    """Wait until no connection leads to the port of ``url``: the loop of a test ends with it."""
    port = urlsplit(url).port

    def closed() -> bool:
        peers = [tuple(one.raddr) for one in psutil.Process().net_connections("tcp")]  # empty: it only listens
        return not any(peer[1:] == (port,) for peer in peers)

    await wait_until(closed, f"the connections to {url} are closed", 60)  # asyncio waits 30 s for the other side
