"""Requests of the owner to a real gateway."""

import pytest

from app.sharing import owner_client
from backend.gateway import Gateway
from client.connection import Address
from client.errors import GatewayError, Unauthorised, Unreachable
from client.pairing import pair
from protocol.devices import DeviceKind
from protocol.pairing import PairingStage


async def test_owner_lists_renames_and_revokes_a_device(shared: Gateway, owned: Address) -> None:
    assert (await owner_client.pairing_state(owned)).stage is PairingStage.NONE
    state = await owner_client.begin_pairing(owned, DeviceKind.WORKER)
    assert (state.stage, state.kind, len(state.code)) == (PairingStage.WAITING, DeviceKind.WORKER, 8)
    made = await pair(f"https://127.0.0.1:{shared.tls_port}", state.code, "tower", DeviceKind.WORKER)
    (device,) = await owner_client.devices(owned)
    assert (device.id, device.name, device.kind) == (made.device, "tower", DeviceKind.WORKER)
    await owner_client.rename_device(owned, device.id, "the tower")
    assert [one.name for one in await owner_client.devices(owned)] == ["the tower"]
    await owner_client.revoke_device(owned, device.id)
    assert await owner_client.devices(owned) == ()
    with pytest.raises(GatewayError):
        await owner_client.revoke_device(owned, device.id)


async def test_ended_pairing_has_no_code(shared: Gateway, owned: Address) -> None:
    await owner_client.begin_pairing(owned, DeviceKind.CLIENT)
    await owner_client.end_pairing(owned)
    assert (await owner_client.pairing_state(owned)).code == ""


async def test_only_the_owner_gets_an_answer(shared: Gateway) -> None:
    with pytest.raises(Unauthorised):
        await owner_client.devices(Address(shared.url, "another key"))
    with pytest.raises(Unreachable):
        await owner_client.devices(Address("http://127.0.0.1:9", "key"))
