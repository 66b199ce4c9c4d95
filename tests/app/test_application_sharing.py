"""Tests of sharing in the whole app: share the gateway, show a code, and lend a worker."""

from pathlib import Path

from app.local_services import local_gateway
from app.local_services.worker_view import LocalWorkerState
from app.messages.kinds import News
from app.settings.sections import ChangeSetting, Settings
from app.sharing.view import (
    EndInvite,
    Enlist,
    ForgetLent,
    InviteDevice,
    InviteView,
    Lend,
    LendingView,
    LentView,
    SharingState,
    SharingView,
    WatchSharing,
)
from protocol.pairing import PairingStage
from tests.app.test_application import home, newest, running, worker_is
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until

__all__ = ["home"]  # a fixture


def lent(told: list[News]) -> tuple[LentView, ...]:
    view = newest(told, LendingView)
    return view.lent if isinstance(view, LendingView) else ()


def invite(told: list[News]) -> InviteView:
    view = newest(told, InviteView)
    return view if isinstance(view, InviteView) else InviteView()


def shared(told: list[News]) -> SharingView:
    view = newest(told, SharingView)
    return view if isinstance(view, SharingView) else SharingView()


async def two_work() -> bool:
    """Return whether both the local worker and the lent worker are connected."""
    found = await local_gateway.running()
    return found is not None and len(await local_gateway.workers(found.endpoint)) == 2


async def test_app_shares_gateway_and_lends_worker_to_it(home: Path) -> None:
    received: list[News] = []
    port = free_port()
    async with running(received) as (app, _):
        await wait_until(lambda: worker_is(received, LocalWorkerState.IDLE), "its own worker works")
        app.ask(WatchSharing(True))
        app.ask(ChangeSetting("gateway.port", port))
        app.ask(ChangeSetting("gateway.share", True))
        await wait_until(lambda: shared(received).state is SharingState.ON, "it is shared")
        await wait_until(
            lambda: worker_is(received, LocalWorkerState.IDLE), "its own worker has found the new gateway"
        )
        app.ask(InviteDevice(worker=True))
        await wait_until(lambda: invite(received).code, "a code is shown")
        app.ask(Enlist((f"https://127.0.0.1:{port}",), invite(received).code))
        await wait_until(lambda: invite(received).stage is PairingStage.PAIRED, "it is paired")
        app.ask(EndInvite())
        await wait_until(
            lambda: lent(received) and lent(received)[0].worker.state is LocalWorkerState.IDLE, "it is lent to"
        )
        settings = newest(received, Settings)
        assert isinstance(settings, Settings) and settings.worker.lend_to == (lent(received)[0].id,)
        await wait_until(two_work, "it works for both")
        app.ask(Lend(lent(received)[0].id, False))
        await wait_until(lambda: lent(received)[0].worker.state is LocalWorkerState.OFF, "it is lent no more")
        app.ask(ForgetLent(lent(received)[0].id))
        await wait_until(lambda: lent(received) == (), "its key is thrown away")
