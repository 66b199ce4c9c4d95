"""Cancellation of speech whose texts are not wanted any more, so that no worker recognises it in vain."""

from typing import Final

from client.errors import GatewayError
from client.gateway import GatewayClient
from runtime.tasks import within

_CANCEL_S: Final = 1.0


async def cancel_and_close(client: GatewayClient) -> None:
    """Cancel all segments without a result at the gateway, within a short deadline; close the client."""
    if client.open:
        async with within(_CANCEL_S, GatewayError):
            for segment in client.open:
                await client.cancel(segment)
            await client.finish()
    await client.close()
