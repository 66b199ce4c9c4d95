"""Requests to a gateway of any version: its replies, and how long one takes."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import Refused

READY: Final = "/readyz"
MODELS: Final = "/v1/models"
_MOST_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 16


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
            ready = await _answer(http, address, READY, tls)
            begun = time.perf_counter()
            known = await _answer(http, address, MODELS, tls)
            return Answers(ready, known, (time.perf_counter() - begun) * 1000)


async def _answer(
    http: aiohttp.ClientSession, address: Address, path: str, tls: aiohttp.Fingerprint | bool
) -> Mapping[str, Any]:
    """Request one path and decode its JSON. Raises ``Unreachable`` or ``Refused``."""
    url = address.url.rstrip("/") + path
    async with http.get(url, allow_redirects=False, ssl=tls) as response:
        unready = path == READY and response.status == HTTPStatus.SERVICE_UNAVAILABLE
        if not (unready or response.status == HTTPStatus.OK):
            raise refusal(address, path, response.status, response.headers)
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            body += chunk[: _MOST_BYTES - len(body)]  # a truncated body is not valid JSON
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Refused(f"{address.url} is not a kikipounamu gateway: it says something else to {path}") from error
