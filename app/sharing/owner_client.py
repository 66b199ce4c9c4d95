"""Requests of a gateway's owner: list and manage devices, and show pairing codes."""

from client.connection import Address
from client.request import request
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceName, DeviceState
from protocol.pairing import PAIRING_PATH, PairingState, PairingWish


async def pairing_state(address: Address) -> PairingState:
    """Return the current or last pairing. Raises ``Unreachable`` or ``Refused``, like all functions here."""
    return await request(address, f"GET {PAIRING_PATH}", PairingState)


async def begin_pairing(address: Address, kind: DeviceKind) -> PairingState:
    """Open a pairing with a new code; an older code becomes invalid."""
    return await request(address, f"POST {PAIRING_PATH}", PairingState, PairingWish(kind))


async def end_pairing(address: Address) -> None:
    """Close the pairing; its code becomes invalid."""
    await request(address, f"DELETE {PAIRING_PATH}", PairingState)


async def devices(address: Address) -> tuple[DeviceState, ...]:
    """Return the devices with their own keys, the oldest first."""
    listed = await request(address, f"GET {DEVICES_PATH}", DeviceList)
    return tuple(device for device in listed.devices if device.kind is not DeviceKind.OWNER)


async def rename_device(address: Address, device: str, name: str) -> None:
    """Give the device another name."""
    await request(address, f"PATCH {DEVICES_PATH}/{device}", DeviceState, DeviceName(name))


async def revoke_device(address: Address, device: str) -> None:
    """Revoke the key of the device."""
    await request(address, f"DELETE {DEVICES_PATH}/{device}", DeviceState)
