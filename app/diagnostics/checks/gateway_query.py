"""Requests to a gateway of any version: its replies, and how long one takes."""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import aiohttp

from app.gateways.probe import READY, read_json
from client.connection import Address, broken, credentials, pinned

MODELS: Final = "/v1/models"


class Answers(NamedTuple):
    """Replies of a gateway, in JSON's types.

    ``ready``: from ``/readyz``. ``known``: from ``/v1/models``, which needs a key. ``ms``: duration of the
    second request, over the connection that the first one opened.
    """

    ready: Mapping[str, Any]
    known: Mapping[str, Any]
    ms: float

    @property
    def version(self) -> str:
        """Version of the gateway; empty if it does not state one."""
        return str(self.known.get("version") or self.ready.get("version") or "")


async def answers(address: Address, deadline_s: float) -> Answers:
    """Send both requests with the key and the certificate of ``address``. Raises ``GatewayError``."""
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    tls = pinned(address)
    with broken("ask"):
        async with aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http:
            ready = await read_json(http, address, READY, dict[str, Any], tls)
            begun = time.perf_counter()
            known = await read_json(http, address, MODELS, dict[str, Any], tls)
            return Answers(ready, known, (time.perf_counter() - begun) * 1000)
