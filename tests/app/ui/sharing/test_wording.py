from dataclasses import replace
from datetime import date, datetime

import pytest

from app.core.notes import Note
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.view import InviteView, LentView, SharedDevice, SharingState, SharingView
from app.ui.sharing.wording import (
    LENT_SHAPES,
    SHAPES,
    code_text,
    device_text,
    ended_text,
    fingerprint_text,
    left_text,
    lent_text,
    places_text,
    sharing_text,
)
from app.ui.strings.texts import Texts
from protocol.pairing import PairingStage


def test_every_sharing_state_has_icon_and_text(texts: Texts) -> None:
    assert set(SHAPES) == set(SharingState) and set(LENT_SHAPES) == set(LocalWorkerState)
    said = {sharing_text(texts, SharingView(state, "desk", ("https://h:1",))) for state in SharingState}
    assert len(said) == len(SharingState)
    on = SharingView(SharingState.ON, "desk", ("https://10.0.0.7:8765", "https://[fd00::1]:8765"))
    assert "desk" in sharing_text(texts, on) and places_text(on) == "10.0.0.7:8765\n[fd00::1]:8765"
    assert sharing_text(texts, replace(on, urls=())) == texts("sharing.no-network")
    failed = SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "1234"}))
    assert "1234" in sharing_text(texts, failed)


def test_codes_and_fingerprints_are_grouped() -> None:
    assert (code_text("48150623"), code_text("")) == ("4815 0623", "")
    assert fingerprint_text("ab" * 32).count("\n") == 1 and fingerprint_text("ab" * 32).split() == ["abab"] * 16


def test_device_text_shows_purpose_and_last_connection(texts: Texts) -> None:
    seen = datetime(2026, 3, 4, 15, 6)
    device = SharedDevice("a", "a", True, int(seen.timestamp()))
    assert device_text(texts, device, seen.date()).endswith("15:06")
    assert device_text(texts, device, date(2026, 3, 5)).endswith("2026-03-04")
    assert texts("sharing.connected") in device_text(texts, replace(device, connected=True))
    assert device_text(texts, SharedDevice("a", "a")) == (
        f"{texts('sharing.dictates')} · {texts('sharing.never-seen')}"
    )


def test_code_texts_show_time_left_and_result(texts: Texts) -> None:
    invite = InviteView(PairingStage.WAITING, code="48150623", left_s=107, tries_left=1)
    assert "1:47" in left_text(texts, invite) and ended_text(texts, invite) == ""
    assert "tower" in ended_text(texts, replace(invite, stage=PairingStage.PAIRED, device="tower"))
    for stage in (PairingStage.EXPIRED, PairingStage.LOCKED, PairingStage.INTERCEPTED):
        assert ended_text(texts, replace(invite, stage=stage)) == texts(f"sharing.invite.{stage.value}")
    assert ended_text(texts, InviteView(note=Note("gateway-unreachable"))) == texts("note.gateway-unreachable")


@pytest.mark.parametrize("on", [True, False])
def test_tray_text_names_gateway_and_worker_state(texts: Texts, on: bool) -> None:
    lent = LentView("a", "desk", on, WorkerView(LocalWorkerState.BUSY, "cuda · m", jobs=3))
    said = lent_text(texts, lent)
    assert "desk" in said and ("3" in said) is on and (texts("worker.busy") in said) is on
