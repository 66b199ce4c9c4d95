"""Requests of the owner to a real gateway."""

import pytest

from app.sharing import owner
from backend.gateway import Gateway
from client.connection import Address
from client.errors import GatewayError, Unauthorised, Unreachable
from client.pairing import pair
from protocol.devices import DeviceKind
from protocol.pairing import PairingStage


async def test_owner_lists_renames_and_revokes_a_device(shared: Gateway, owned: Address) -> None:
    assert (await owner.pairing_state(owned)).stage is PairingStage.NONE
    state = await owner.begin_pairing(owned, DeviceKind.WORKER)
    assert (state.stage, state.kind, len(state.code)) == (PairingStage.WAITING, DeviceKind.WORKER, 8)
    made = await pair(f"https://127.0.0.1:{shared.tls_port}", state.code, "tower", DeviceKind.WORKER)
    (device,) = await owner.devices(owned)
    assert (device.id, device.name, device.kind) == (made.device, "tower", DeviceKind.WORKER)
    await owner.rename_device(owned, device.id, "the tower")
    assert [one.name for one in await owner.devices(owned)] == ["the tower"]
    await owner.revoke_device(owned, device.id)
    assert await owner.devices(owned) == ()
    with pytest.raises(GatewayError):
        await owner.revoke_device(owned, device.id)


async def test_ended_pairing_has_no_code(shared: Gateway, owned: Address) -> None:
    await owner.begin_pairing(owned, DeviceKind.CLIENT)
    await owner.end_pairing(owned)
    assert (await owner.pairing_state(owned)).code == ""


async def test_only_the_owner_gets_an_answer(shared: Gateway) -> None:
    with pytest.raises(Unauthorised):
        await owner.devices(Address(shared.url, "another key"))
    with pytest.raises(Unreachable):
        await owner.devices(Address("http://127.0.0.1:9", "key"))
