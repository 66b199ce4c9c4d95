"""Withdrawal of speech whose texts are not wanted any more, so that no worker recognises it in vain."""

import asyncio
from contextlib import suppress
from typing import Final

from client.errors import GatewayError
from client.gateway import GatewayClient

_WITHDRAW_S: Final = 1.0


async def abandon(client: GatewayClient) -> None:
    """Cancel all segments without a result at the gateway, within a short deadline; close the client."""
    if client.open:
        with suppress(GatewayError, TimeoutError):
            async with asyncio.timeout(_WITHDRAW_S):
                for segment in client.open:
                    await client.cancel(segment)
                await client.finish()
    await client.close()
