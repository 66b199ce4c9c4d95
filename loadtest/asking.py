"""What a gateway says about itself over HTTP, for whoever can do without an answer."""

import asyncio
import json
from typing import Any, Final

import aiohttp

from client.connection import Address, credentials, pinned

READY: Final = "/readyz"
WORKERS: Final = "/v1/workers"
_ANSWER_S: Final = 5.0


async def ask(http: aiohttp.ClientSession, address: Address, path: str) -> dict[str, Any]:
    """The answer, whatever its status (``/readyz`` says 503 without workers); empty if there is none."""
    url = address.url.rstrip("/") + path
    try:
        async with asyncio.timeout(_ANSWER_S):
            async with http.get(url, headers=credentials(address), ssl=pinned(address)) as response:
                said = json.loads(await response.text())
    except (aiohttp.ClientError, OSError, ValueError):  # TimeoutError is an OSError
        return {}
    return said if isinstance(said, dict) else {}
