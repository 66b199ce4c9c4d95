"""Scenes of other computers: using one, sharing this one, recognising for one; for ``scripts.screenshots``."""

from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QWidget

from app.core.errors import Note
from app.gateways.view import (
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    PairingProgress,
    PairingView,
    QueryResult,
)
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.view import (
    InviteView,
    LendingView,
    LentView,
    SharedDevice,
    SharingState,
    SharingView,
)
from protocol.pairing import PairingLink, PairingStage, encode_link
from scripts.drawing import Draw
from scripts.example_window import Fill, Window, scene

_WELL: Final = QueryResult(GatewayHealth.WELL, 1.8, ("RTX 5060 Ti · SenseVoiceSmall", "cpu · whisper-base"))
TOWER: Final = GatewayView("tower", "desktop-gpu", "192.168.1.20:8765", True, _WELL)
_NO_WORKER: Final = QueryResult(GatewayHealth.NO_WORKER, 14.0)
TEAM: Final = GatewayView("team", "Studio", "studio.example:8765", answer=_NO_WORKER)
PLAIN: Final = GatewayView("", "https://10.0.0.7:8765", "10.0.0.7:8765")
ATTIC: Final = FoundView("attic", ("https://192.168.1.31:8765",), "c" * 64)
FOUND: Final = (ATTIC, FoundView("Anna 的台式机 & friends", ("https://192.168.1.32:8765",), "d" * 64))
FULL: Final = GatewaysView((TOWER, TEAM), FOUND, here=False, device="laptop")
ALONE: Final = GatewaysView(here=True, device="laptop")
URLS: Final = ("https://192.168.1.20:8765", "https://10.8.0.3:8765")
DIGEST: Final = "3f9c27a1d05be84476c2918f0ab35d7ee1640b92c8fd137a5502e6b9d4c83f61"
CODE: Final = "48150623"
DEVICES: Final = (
    SharedDevice("a", "Anna's laptop", connected=True),
    SharedDevice("b", "tower", worker=True, seen_s=1_763_720_000),
    SharedDevice("c", "平板电脑"),
)
SHARED: Final = SharingView(SharingState.ON, "desktop-gpu", URLS, DIGEST, DEVICES)
UNSHARED: Final = (
    SharingView(SharingState.STARTING),
    SharingView(SharingState.FAILED, note=Note("sharing-port-taken", {"port": "8765"})),
)
INVITE: Final = InviteView(
    PairingStage.WAITING,
    code=CODE,
    link=encode_link(PairingLink(URLS, CODE, DIGEST)),
    left_s=107,
    tries_left=5,
    urls=URLS,
)
NO_CODE: Final = InviteView()
INVITES: Final = (
    INVITE,
    replace(INVITE, worker=True, left_s=9, tries_left=1),
    InviteView(PairingStage.PAIRED, device="Anna's laptop"),
    InviteView(PairingStage.PAIRED, worker=True, device="tower"),
    InviteView(PairingStage.EXPIRED),
    InviteView(PairingStage.LOCKED),
    InviteView(PairingStage.INTERCEPTED),
    InviteView(note=Note("gateway-unreachable")),
)
PAIRINGS: Final = (
    PairingView(PairingProgress.ASKING),
    PairingView(PairingProgress.REFUSED, note=Note("pair-wrong-code", {"tries": "4"})),
)
_BUSY: Final = WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti", jobs=3, model="SenseVoiceSmall")
_LOST: Final = WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "old-tower"}))
LENDING: Final = LendingView(
    (LentView("a", "server-room", True, _BUSY), LentView("d", "old-tower", True, _LOST), LentView("e", "attic"))
)
ENLISTINGS: Final = tuple(LendingView(pairing=pairing) for pairing in PAIRINGS)


def alone(window: Window) -> None:
    """Show this computer alone."""
    window.section("computers")
    window.show(ALONE)


def full(window: Window) -> None:
    """Show computers of every kind, one of them chosen."""
    window.section("computers")
    window.show(SHARED, LENDING, FULL)


def away(window: Window) -> None:
    """Show a chosen computer that is away, another that refuses, and one about to be removed.

    This computer stands in for the one that is away.
    """
    lost = replace(TOWER, answer=QueryResult(GatewayHealth.AWAY, note=Note("gateway-unreachable")))
    other = replace(TEAM, answer=QueryResult(GatewayHealth.REFUSED, note=Note("gateway-other-certificate")))
    note = Note("gateway-still-listed", {"gateway": "old laptop"})
    shown = GatewaysView((lost, other, PLAIN), instead_of="desktop-gpu", device="laptop", result=note)
    window.section("computers")
    window.show(shown)
    rows = window.pages.computers.rows
    rows["gateway tower"].rename.trigger()
    rows["gateway team"].about.trigger()
    rows["gateway team"].remove.trigger()
    window.front = rows["gateway team"].keep
    window.show(replace(shown, problem=Note("gateways-damaged", {"file": "gateways.json.damaged"})))


def chooses(window: Window) -> None:
    """Show the form with the computers found."""
    window.section("computers")
    window.show(GatewaysView(found=FOUND, device="laptop"))
    window.pages.computers.pair(None)


def typing(window: Window) -> None:
    """Show the form with an invalid address."""
    alone(window)
    window.pages.computers.pair(None)
    form = window.pages.computers.form
    form.address.setText("ftp://desk")
    form.address.textEdited.emit("ftp://desk")
    form.code.setText("1234 56")


def pairs(pairing: PairingView) -> Fill:
    """Return a function that shows this stage of a pairing with a computer that was found."""

    def fill(window: Window) -> None:
        view = GatewaysView(found=FOUND, device="laptop")
        window.section("computers")
        window.show(view)
        window.pages.computers.pair(ATTIC)
        form = window.pages.computers.form
        form.code.setText("1234 5678")
        form.code.textEdited.emit("12345678")
        form.go.click()
        window.show(replace(view, pairing=pairing))

    return fill


def shares(view: SharingView, invite: InviteView = NO_CODE) -> Fill:
    """Return a function that shows how this computer is shared."""

    def fill(window: Window) -> None:
        alone(window)
        window.show(replace(window.settings, gateway=replace(window.settings.gateway, share=True)), view)
        form = window.pages.computers.code
        window.pages.computers.share_this()
        form.purpose.buttons[invite.worker].click()
        window.show(invite)

    return fill


def code(window: Window) -> QWidget:
    """Return the part with the code."""
    return window.pages.computers.code


def described(window: Window) -> None:
    """Show a code with the addresses of this computer."""
    shares(SHARED, INVITE)(window)
    window.pages.computers.code.about.click()


def lends(view: LendingView) -> Fill:
    """Return a function that shows how this computer is lent."""

    def fill(window: Window) -> None:
        alone(window)
        window.pages.computers.lend_this()
        form = window.pages.computers.lending
        form.address.setText("192.168.1.20:8765")
        form.code.setText("4815 0623")
        form.address.textEdited.emit("")
        form.go.click()
        window.show(view)

    return fill


COMPUTERS: Final[tuple[Draw, ...]] = (
    scene(alone),
    scene(full),
    scene(away),
    scene(chooses),
    scene(typing),
    *(scene(pairs(pairing)) for pairing in PAIRINGS),
    *(scene(lends(view)) for view in ENLISTINGS),
)
SHARING: Final[tuple[Draw, ...]] = (
    scene(shares(replace(SHARED, devices=()), INVITE)),
    *(scene(shares(view), code) for view in UNSHARED),
    *(scene(shares(SHARED, invite), code) for invite in INVITES[1:]),
    scene(described, code),
)
