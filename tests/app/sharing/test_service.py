"""Sharing through a real gateway; then the child process of the app, and the addresses it listens on."""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import psutil
import pytest

from app.core.errors import Note, StackFailed
from app.local_services.local_worker import LocalWorker
from app.local_services.stack import Stack
from app.local_services.supervisor import OwnGateway
from app.sharing.owner_client import begin_pairing
from app.sharing.service import NOT_OURS, Sharing, port_is_free, retry_pause
from app.sharing.view import (
    EndInvite,
    InviteDevice,
    InviteView,
    RenameDevice,
    RevokeDevice,
    SharingState,
    SharingView,
    WatchSharing,
)
from backend.devices.records import Device
from backend.devices.registry import DeviceRegistry
from backend.gateway import Gateway
from client.connection import Address, Locate, fixed_locator
from client.errors import DeviceNotKept, NotPaired, Unreachable
from client.pairing import pair
from protocol.devices import DeviceKind
from protocol.pairing import PairingStage, PairRefusal, decode_link
from runtime.tasks import Tasks
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until


def nowhere() -> Address:
    raise Unreachable("nobody there")


@dataclass
class Told:
    """The newest reported value of each kind."""

    view: SharingView = SharingView()
    invite: InviteView = InviteView()
    invites: list[InviteView] = field(default_factory=list)

    def __call__(self, value: SharingView | InviteView) -> None:
        if isinstance(value, SharingView):
            self.view = value
        else:
            self.invite = value
            self.invites.append(value)


@asynccontextmanager
async def sharing(told: Told, find: Locate) -> AsyncIterator[Sharing]:
    async with Sharing(told, find, check_s=0.02) as made:
        yield made


async def test_sharing_state_is_reported_while_watched(shared: Gateway, owned: Address) -> None:
    received = Told()
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(WatchSharing(True))
        await wait_until(lambda: received.view.state is SharingState.ON, "it is shared")
        assert (received.view.name, received.view.devices) == ("desk", ())
        assert len(received.view.certificate_sha256) == 64
        made.ask(WatchSharing(False))


async def test_device_is_paired_renamed_and_revoked_in_the_panel(shared: Gateway, owned: Address) -> None:
    received = Told()
    place = f"https://127.0.0.1:{shared.tls_port}"
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(InviteDevice(worker=True))
        await wait_until(lambda: received.invite.code, "a code is shown")
        assert received.invite.worker and received.invite.tries_left == 5 and 0 < received.invite.left_s <= 120
        if received.invite.link:  # only with a network
            assert decode_link(received.invite.link).code == received.invite.code
        wrong = f"{(int(received.invite.code) + 1) % 10**8:08}"
        with pytest.raises(NotPaired):
            await pair(place, wrong, "tower", DeviceKind.WORKER)
        await wait_until(lambda: received.invite.tries_left == 4, "a try is gone")
        await pair(place, received.invite.code, "tower", DeviceKind.WORKER)
        await wait_until(lambda: received.invite.stage is PairingStage.PAIRED, "it is paired")
        assert received.invite.device == "tower" and not received.invite.code
        made.ask(WatchSharing(True))
        await wait_until(lambda: received.view.devices, "it is listed")
        assert received.view.devices is not None
        (device,) = received.view.devices
        assert (device.name, device.worker, device.connected) == ("tower", True, False)
        made.ask(RenameDevice(device.id, "the tower"))
        await wait_until(
            lambda: received.view.devices and received.view.devices[0].name == "the tower", "it is renamed"
        )
        await wait_until(lambda: received.invite.device == "the tower", "the result of pairing names it so")
        made.ask(RevokeDevice(device.id))
        await wait_until(lambda: received.view.devices == (), "it is gone")
        await wait_until(lambda: received.invite == InviteView(), "it is no longer said to be allowed")
        made.ask(RevokeDevice(device.id))
        await wait_until(
            lambda: received.view.result == Note("device-not-changed"), "it is told that it was not there"
        )


async def test_device_keeps_its_name_if_the_new_one_is_empty() -> None:
    """The gateway would refuse it, and a message would advise to try again."""
    located: list[str] = []

    def locate() -> Address:
        located.append("asked")
        raise Unreachable("nobody answers")

    async with sharing(Told(), locate) as made:
        made.ask(RenameDevice("a", ""))
        made.ask(RevokeDevice("b"))
        await wait_until(lambda: located, "the other device is revoked")
        assert len(located) == 1


async def test_withdrawn_code_cannot_be_used(shared: Gateway, owned: Address) -> None:
    received = Told()
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(InviteDevice())
        await wait_until(lambda: received.invite.code, "a code is shown")
        code = received.invite.code
        made.ask(EndInvite())

        async def closed() -> bool:
            try:
                await pair(f"https://127.0.0.1:{shared.tls_port}", code, "laptop")
            except NotPaired as error:
                return error.reason is PairRefusal.CLOSED
            return False

        await wait_until(closed, "it is good no more")


async def test_code_that_another_program_replaced_is_void(shared: Gateway, owned: Address) -> None:
    received = Told()
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(InviteDevice(worker=True))
        await wait_until(lambda: received.invite.code, "a code is shown")
        await begin_pairing(owned, DeviceKind.CLIENT)
        await wait_until(lambda: not received.invite.code, "it is not shown any more")
        assert received.invite == InviteView(PairingStage.EXPIRED, worker=True)


async def test_pairing_is_locked_after_too_many_tries(shared: Gateway, owned: Address) -> None:
    received = Told()
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(InviteDevice())
        await wait_until(lambda: received.invite.code, "a code is shown")
        wrong = f"{(int(received.invite.code) + 1) % 10**8:08}"
        for _ in range(5):
            with pytest.raises(NotPaired):
                await pair(f"https://127.0.0.1:{shared.tls_port}", wrong, "laptop")
        await wait_until(lambda: received.invite.stage is PairingStage.LOCKED, "it is locked")
        assert received.invite.code == ""


async def test_full_disk_is_reported_when_a_device_pairs(shared: Gateway, owned: Address) -> None:
    class Full(DeviceRegistry):
        async def add(self, name: str, kind: DeviceKind) -> tuple[Device, str]:
            raise OSError(errno.ENOSPC, "No space left on device")

    received = Told()
    async with sharing(received, fixed_locator(owned)) as made:
        made.ask(InviteDevice())
        await wait_until(lambda: received.invite.code, "a code is shown")
        shared.access.roster = Full(None)
        with pytest.raises(DeviceNotKept):
            await pair(f"https://127.0.0.1:{shared.tls_port}", received.invite.code, "laptop")
        await wait_until(lambda: received.invite.note == Note("invite-disk-full"), "the reason is reported")
        assert not received.invite.code


async def test_invitation_fails_when_the_gateway_does_not_answer() -> None:
    received = Told()
    async with sharing(received, nowhere) as made:
        made.ask(InviteDevice())
        await wait_until(lambda: received.invite.note, "the reason is reported")
        assert received.invite.note == Note("gateway-unreachable")
        made.ask(WatchSharing(True))
        made.choose(on=True, port=1)
        await wait_until(lambda: received.view.state is SharingState.STARTING, "it is about to be")


def test_used_port_is_not_free() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free(port)
    assert port_is_free(port)


# -- the child process -------------------------------------------------------------------------------------


def listens(stack: Stack | None) -> set[str]:
    """Return the addresses on which the app's gateway and its child processes listen."""
    if stack is None or not stack.children:
        return set()
    with suppress(psutil.NoSuchProcess):
        gateway = psutil.Process(stack.children["kikipounamu-gateway"])
        return set().union(*map(_listens, (gateway, *gateway.children(recursive=True))))
    return set()


def _listens(process: psutil.Process) -> set[str]:
    """Return the addresses on which a process listens. One that just ends has none: proc(5) gives them to root."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return {at.laddr.ip for at in process.net_connections("inet") if at.status == psutil.CONN_LISTEN}
    return set()


class Worker:
    """A substitute that records how it is switched."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    async def switch(self, *, on: bool, why: Note | None = None) -> None:
        self.told.append(on)


async def never() -> None:
    return None


async def test_gateway_listens_only_on_loopback_until_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    port = free_port()
    told, worker, stacks = Told(), Worker(), list[Stack]()
    async with Sharing(told, check_s=0.05) as made, Tasks("test") as tasks:

        def stack() -> Stack:
            stacks.append(made.stack())
            return stacks[-1]

        own = OwnGateway(stack, cast(LocalWorker, worker), never, made.report_gateway)
        made.restart = own.restart
        made.choose(on=False, port=port)
        own.choose(here=True, worker=True)
        tasks.start(own.keep(), "keep")
        made.ask(WatchSharing(True))
        await wait_until(lambda: stacks and listens(stacks[-1]), "it listens")
        assert listens(stacks[-1]) == {"127.0.0.1"} and told.view.state is SharingState.OFF
        worker.told.clear()
        made.choose(on=True, port=port)
        await wait_until(lambda: told.view.state is SharingState.ON, "it is shared")
        assert listens(stacks[-1]) == {"127.0.0.1", "0.0.0.0", "::"}
        assert all(f":{port}" in url for url in told.view.urls)
        assert False not in worker.told, "the worker waits for the next gateway"
        made.choose(on=False, port=port)
        await wait_until(lambda: listens(stacks[-1]) == {"127.0.0.1"}, "it is shared no more")


async def test_sharing_is_retried_until_the_port_is_free() -> None:
    told, starts, pauses = Told(), list[Stack](), list[int]()

    def pause(failures: int) -> float:
        pauses.append(failures)
        return 0.01

    async with Sharing(told, nowhere, check_s=0.02, pause=pause) as made:
        made.restart = lambda: starts.append(made.stack())
        made.ask(WatchSharing(True))
        port = free_port()
        with socket.create_server(("0.0.0.0", port)):
            made.choose(on=True, port=port)
            await wait_until(lambda: told.view.state is SharingState.FAILED, "the reason is reported")
            await wait_until(lambda: len(pauses) > 3, "it is looked whether the port is free")
            assert len(starts) == 1, "no client is interrupted without need"
        await wait_until(lambda: len(starts) == 2, "it is started again")
        await wait_until(lambda: told.view.state is SharingState.STARTING, "nothing is in the way")
        made.report_gateway(None)
    assert pauses[:4] == [1, 2, 3, 4]


async def test_changed_port_is_tried_without_the_old_pause() -> None:
    pauses = list[int]()

    def pause(failures: int) -> float:
        pauses.append(failures)
        return 600.0 if len(pauses) == 1 else 0.01

    async with Sharing(Told(), nowhere, pause=pause) as made:
        made.restart = lambda: made.report_gateway(StackFailed("it ends"))
        made.choose(on=True, port=1)
        await wait_until(lambda: pauses == [1], "a long pause")
        made.choose(on=True, port=2)
        await wait_until(lambda: len(pauses) > 1, "the new one is tried soon")
        assert pauses[1] == 1
        made.restart = lambda: None
        made.choose(on=False, port=2)


async def test_failed_gateway_is_retried_with_growing_pauses() -> None:
    pauses = list[int]()

    def pause(failures: int) -> float:
        pauses.append(failures)
        return 0.01

    async with Sharing(Told(), nowhere, pause=pause) as made:
        made.restart = lambda: made.report_gateway(StackFailed("it ends"))
        port = free_port()
        made.choose(on=True, port=port)
        await wait_until(lambda: pauses[:3] == [1, 2, 3], "again and again")
        made.restart = lambda: made.report_gateway(None)
        await wait_until(lambda: made._blocked is None, "it runs")
        made.report_gateway(StackFailed("it ends later"))
        await wait_until(lambda: pauses[-1] == 1, "that is a new failure")
        made.choose(on=False, port=port)
    assert (retry_pause(1), retry_pause(2), retry_pause(99)) == (5.0, 10.0, 300.0)


async def test_gateway_serves_this_computer_when_it_cannot_be_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    received = Told()
    with socket.create_server(("0.0.0.0", 0)) as taken:
        async with Sharing(received, check_s=0.05) as made:
            made.choose(on=True, port=taken.getsockname()[1])
            made.ask(WatchSharing(True))
            async with made.stack() as stack:
                assert listens(stack) == {"127.0.0.1"}
                await wait_until(lambda: received.view.state is SharingState.FAILED, "the reason is reported")
                assert received.view.note and received.view.note.key == "sharing-port-taken"
                made.choose(on=True, port=free_port())
                async with made.stack():  # the port is free, but a gateway runs already
                    await wait_until(lambda: received.view.note == NOT_OURS, "the other gateway is used")
