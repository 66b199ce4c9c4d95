"""Ask a forgotten gateway to revoke this device's key."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import aiohttp

from app.gateways.store import PairedGateway
from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import GatewayError, Unreachable
from protocol.devices import DEVICES_PATH
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.APP_GATEWAYS_LEAVING

ANSWER_S: Final = 5.0


async def leave(gateway: PairedGateway, deadline_s: float = ANSWER_S) -> bool:
    """Ask the gateway to revoke the key, and return whether the key is revoked.

    If it is not, the user must revoke it at the gateway.
    """
    for address in gateway.addresses:
        try:
            await _revoke(address, gateway.device, deadline_s)
        except Unreachable:
            continue
        except GatewayError as error:
            log.info(LogEvent.GATEWAY_REVOCATION_REFUSED, reason=str(error))
            return False
        return True
    return False


async def _revoke(address: Address, device: str, deadline_s: float) -> None:
    """Request the revocation at one address. Raises ``GatewayError``."""
    path = f"{DEVICES_PATH}/{quote(device, safe='')}"
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    tls = pinned(address)
    with broken("leave"):
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http,
            http.delete(address.url.rstrip("/") + path, allow_redirects=False, ssl=tls) as response,
        ):
            gone = response.status in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}  # UNAUTHORIZED: already revoked
            if not gone:
                raise refusal(address, path, response.status, response.headers)
