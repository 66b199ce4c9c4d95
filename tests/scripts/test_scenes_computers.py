"""Test that the scenes of other computers show every state."""

from app.gateways.view import GatewayHealth, PairingProgress
from app.local_services.worker_view import LocalWorkerState
from app.sharing.view import SharingState
from protocol.pairing import PairingStage
from scripts import scenes_computers


def test_sharing_covers_every_state() -> None:
    states = {view.state for view in (*scenes_computers.UNSHARED, scenes_computers.SHARED)}
    assert states == set(SharingState) - {SharingState.OFF}
    assert {view.stage for view in scenes_computers.INVITES} == set(PairingStage)


def test_pairing_and_lending_cover_every_stage_that_lasts() -> None:
    ends = {PairingProgress.NONE, PairingProgress.PAIRED}
    assert {view.stage for view in scenes_computers.PAIRINGS} == set(PairingProgress) - ends
    assert {view.pairing.stage for view in scenes_computers.ENLISTINGS} == set(PairingProgress) - ends


def test_list_has_computers_of_every_kind() -> None:
    full = scenes_computers.FULL
    assert full.found and {gateway.answer.health for gateway in full.gateways} >= {
        GatewayHealth.WELL,
        GatewayHealth.NO_WORKER,
    }
    lent = {lent.worker.state for lent in scenes_computers.LENDING.lent}
    assert lent == {LocalWorkerState.OFF, LocalWorkerState.BUSY, LocalWorkerState.FAILED}
