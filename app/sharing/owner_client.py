"""Requests of a gateway's owner: list and manage devices, and show pairing codes."""

from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import Refused
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceName, DeviceState
from protocol.pairing import PAIRING_PATH, PairingState, PairingWish

ANSWER_S: Final = 5.0

_Answer = TypeVar("_Answer")


async def pairing_state(address: Address) -> PairingState:
    """Return the current or last pairing. Raises ``Unreachable`` or ``Refused``, like all functions here."""
    return await _ask(address, "GET", PAIRING_PATH, PairingState)


async def begin_pairing(address: Address, kind: DeviceKind) -> PairingState:
    """Open a pairing with a new code; an older code becomes invalid."""
    return await _ask(address, "POST", PAIRING_PATH, PairingState, PairingWish(kind))


async def end_pairing(address: Address) -> None:
    """Close the pairing; its code becomes invalid."""
    await _ask(address, "DELETE", PAIRING_PATH, PairingState)


async def devices(address: Address) -> tuple[DeviceState, ...]:
    """Return the devices with their own keys, the oldest first."""
    listed = await _ask(address, "GET", DEVICES_PATH, DeviceList)
    return tuple(device for device in listed.devices if device.kind is not DeviceKind.OWNER)


async def rename_device(address: Address, device: str, name: str) -> None:
    """Give the device another name."""
    await _ask(address, "PATCH", f"{DEVICES_PATH}/{device}", DeviceState, DeviceName(name))


async def revoke_device(address: Address, device: str) -> None:
    """Revoke the key of the device."""
    await _ask(address, "DELETE", f"{DEVICES_PATH}/{device}", DeviceState)


async def _ask(
    address: Address, method: str, path: str, kind: type[_Answer], body: Struct | None = None
) -> _Answer:
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    data = msgspec.json.encode(body) if body is not None else None
    with broken("ask"):
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http,
            http.request(
                method, address.url + path, data=data, ssl=pinned(address), allow_redirects=False
            ) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise refusal(address, path, response.status, response.headers)
            answer = await response.read()
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise Refused(f"{address.url} says something else to {path}. Update one of the two") from error
