"""Sharing of this computer's gateway: how it starts, who may use it, and codes for new devices.

Its state is queried only while watched or while a code is shown. If sharing fails, it is retried automatically.
Use everything here in one event loop; ``post`` must not wait.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from app.core.errors import AppError, Note
from app.core.problem_notes import note_of
from app.local_services.local_gateway import locate
from app.local_services.stack import Stack, StackSettings
from app.sharing import owner_client
from app.sharing.view import (
    EndInvite,
    InviteDevice,
    InviteView,
    RenameDevice,
    RevokeDevice,
    SharedDevice,
    SharingAction,
    SharingState,
    SharingView,
    WatchSharing,
)
from client.connection import Locate
from client.errors import GatewayError
from protocol.devices import DeviceKind, DeviceState
from protocol.errors import ErrorCode
from protocol.pairing import PairingStage, PairingState, link_of
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import OneTask, TaskOwner, Tasks, is_set_within

log = loggers.APP_SHARING_SHARING

CHECK_S: Final = 0.5
LOCAL: Final = ("--mode", "local", "--host", "127.0.0.1")
NOT_OURS: Final = Note("sharing-not-ours")
_FIRST_RETRY_S: Final = 5.0
_LONGEST_RETRY_S: Final = 300.0

Post = Callable[[SharingView | InviteView], None]


def shared_mode_arguments(port: int) -> tuple[str, ...]:
    """Return the arguments of a gateway that other devices can reach."""
    return "--mode", "shared", "--host", "*", "--port", str(port)


def port_is_free(port: int) -> bool:
    """Return whether a gateway could listen on this port now, with IPv4 and, where there is any, IPv6."""
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            socket.create_server((address, port), family=family).close()
        except OSError as error:
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                return False
    return True


def retry_pause(failures: int) -> float:
    """Return the pause before a retry: 5 s to 5 minutes, doubling. A restart briefly interrupts dictation."""
    return float(min(_FIRST_RETRY_S * 2 ** min(failures - 1, 16), _LONGEST_RETRY_S))


class Sharing(TaskOwner):
    """The sharing of this computer's gateway. ``restart`` is called when it must restart with other arguments.

    ``pause``: returns the seconds before the next attempt, given the number of consecutive failures.
    """

    def __init__(
        self,
        post: Post,
        find: Locate = locate,
        check_s: float = CHECK_S,
        pause: Callable[[int], float] = retry_pause,
    ) -> None:
        self.restart: Callable[[], None] = lambda: None
        self._post, self._locate, self._check_s, self._pause = post, find, check_s, pause
        self._on, self._port = False, 0
        self._blocked: Note | None = None
        self._failures = 0
        self._stack: Stack | None = None
        self._seen = False
        self._view = SharingView()
        self._invite = InviteView()
        self._code = ""  # the code that is shown
        self._paired = ""  # the device that is shown as paired
        self._inviting = False
        self._one_at_a_time = asyncio.Lock()
        self._result: Note | None = None
        self._tasks = Tasks("sharing")
        self._retrying, self._following = OneTask(self._tasks, "retry"), OneTask(self._tasks, "follow")
        self._check_now = asyncio.Event()

    # -- gateway process -----------------------------------------------------------------------------------

    def choose(self, *, on: bool, port: int) -> None:
        """Set whether to share, and on which port."""
        if (on, port) == (self._on, self._port):
            return
        restarts = on or self._on
        self._on, self._port, self._blocked, self._failures = on, port, None, 0
        self._retrying.stop()  # its pause belongs to the old settings
        if restarts:
            self.restart()
        self._check_soon()

    def stack(self) -> Stack:
        """Return the next gateway, not yet started. If sharing is blocked, it serves only this computer."""
        arguments: tuple[str, ...] = LOCAL
        if self._on and self._blocked is None:
            if port_is_free(self._port):
                arguments = shared_mode_arguments(self._port)
            else:
                self._block(Note("sharing-port-taken", {"port": str(self._port)}))
        log.info(LogEvent.GATEWAY_STARTING, shared=arguments is not LOCAL)
        self._stack = Stack(StackSettings(worker=False, gateway_arguments=arguments))
        return self._stack

    def report_gateway(self, error: AppError | None) -> None:
        """Handle the start (``None``) or the failure of the gateway.

        A shared gateway that failed is started again without sharing.
        """
        if self._on and self._blocked is None:
            if error is None:
                self._failures = 0
            else:
                self._block(note_of(error))
        self._check_soon()

    def _block(self, why: Note) -> None:
        self._blocked, self._failures = why, self._failures + 1
        self._retrying.keep(self._retry)

    async def _retry(self) -> None:
        """Retry until no visible obstacle is left; other settings stop this."""
        while self._blocked is not None:
            await asyncio.sleep(self._pause(self._failures))
            if port_is_free(self._port):
                log.info(LogEvent.SHARING_RETRIED, failures=self._failures)
                self._blocked = None
                self.restart()
            else:
                self._failures += 1

    # -- user actions --------------------------------------------------------------------------------------

    def ask(self, action: SharingAction) -> None:
        """Start a user action; returns at once."""
        match action:
            case WatchSharing(on):
                self._seen = on
                if on:
                    self._post(self._view)
                self._check_soon()
            case InviteDevice(worker):
                self._inviting = True
                self._tasks.start(self._begin(worker=worker), "invite")
            case EndInvite():
                self._inviting = False
                self._tasks.start(self._end_pairing(), "end invite")
            case RenameDevice(device, name) if name:  # without one, it keeps its name
                self._tasks.start(self._change(device, name), "rename")
            case RevokeDevice(device):
                self._tasks.start(self._change(device, None), "revoke")

    async def _begin(self, *, worker: bool) -> None:
        async with self._one_at_a_time:
            if not self._inviting:
                return
            self._paired = ""
            self._show_invite(InviteView(worker=worker))
            try:
                kind = DeviceKind.WORKER if worker else DeviceKind.CLIENT
                state = await owner_client.begin_pairing(self._locate(), kind)
            except GatewayError as error:
                self._show_invite(InviteView(worker=worker, note=self._view.note or note_of(error)))
                return
            self._code = state.code
            self._show_invite(invite_of(state))
        self._check_soon()

    async def _end_pairing(self) -> None:
        async with self._one_at_a_time:
            if self._inviting:  # a new invitation has begun
                return
            waits, self._code, self._paired = bool(self._code), "", ""
            if waits:
                with suppress(GatewayError):
                    await owner_client.end_pairing(self._locate())

    async def _change(self, device: str, name: str | None) -> None:
        self._result = None
        try:
            if name is None:
                await owner_client.revoke_device(self._locate(), device)
            else:
                await owner_client.rename_device(self._locate(), device, name)
        except GatewayError as error:
            log.warning(LogEvent.DEVICE_CHANGE_FAILED, reason=str(error))
            self._result = Note("device-not-changed")
        self._check_soon()

    # -- sharing state -------------------------------------------------------------------------------------

    def _check_soon(self) -> None:
        self._check_now.set()
        if self._is_watched:
            self._following.keep(self._follow)

    @property
    def _is_watched(self) -> bool:
        return self._seen or bool(self._code)

    async def _follow(self) -> None:
        while self._is_watched:
            self._check_now.clear()
            await self._ask_gateway()
            await is_set_within(self._check_now, self._check_s)

    async def _ask_gateway(self) -> None:
        code = self._code
        try:
            address = self._locate()
            state = await owner_client.pairing_state(address)
            devices = await owner_client.devices(address)
        except GatewayError:
            self._show(replace(self._sharing_view(None), devices=self._view.devices))
            return
        self._show(replace(self._sharing_view(state), devices=tuple(map(_device, devices))))
        if code and code == self._code:  # an answer older than the code says nothing about it
            self._follow_invite(state, devices)
        elif self._paired:
            self._follow_paired(devices)

    def _sharing_view(self, state: PairingState | None) -> SharingView:
        """Return the sharing state: as the gateway reports it, or why none answers."""
        if state is not None and state.certificate_sha256:
            return SharingView(
                SharingState.ON, state.gateway, state.urls, state.certificate_sha256, result=self._result
            )
        if not self._on:
            return SharingView(result=self._result)
        why = self._blocked
        if why is None and state is not None and self._stack is not None and not self._stack.children:
            why = NOT_OURS
        return SharingView(SharingState.FAILED if why else SharingState.STARTING, note=why, result=self._result)

    def _follow_invite(self, state: PairingState, devices: tuple[DeviceState, ...]) -> None:
        if state.stage is PairingStage.WAITING and state.code == self._code:
            self._show_invite(invite_of(state))
            return
        if state.stage is PairingStage.PAIRED and not state.device:
            return  # the device is still being stored
        self._code = ""
        if state.problem is not None:
            full = state.problem.code is ErrorCode.DISK_FULL
            why = Note("invite-disk-full") if full else Note("invite-not-kept")
            self._show_invite(InviteView(worker=self._invite.worker, note=why))
            return
        if state.stage in (PairingStage.NONE, PairingStage.WAITING):  # after a restart, or with another code
            state = PairingState(PairingStage.EXPIRED)
        named = next((one.name for one in devices if one.id == state.device), state.device)
        self._paired = state.device if state.stage is PairingStage.PAIRED else ""
        self._show_invite(replace(invite_of(state), device=named, worker=self._invite.worker))

    def _follow_paired(self, devices: tuple[DeviceState, ...]) -> None:
        """Show the current name of the device that was paired, or nothing once it is removed."""
        named = next((one.name for one in devices if one.id == self._paired), "")
        if named and named != self._invite.device:
            self._show_invite(replace(self._invite, device=named))
        elif not named and self._invite.device != self._paired:  # it was listed before
            self._paired = ""
            self._show_invite(InviteView())

    def _show(self, view: SharingView) -> None:
        if view != self._view:
            self._view = view
            self._post(view)

    def _show_invite(self, invite: InviteView) -> None:
        self._invite = invite
        self._post(invite)


def invite_of(state: PairingState) -> InviteView:
    """Return the display state of a pairing."""
    return InviteView(
        stage=state.stage,
        worker=state.kind is DeviceKind.WORKER,
        code=state.code,
        link=link_of(state),
        left_s=state.left_s,
        tries_left=state.tries_left,
        device=state.device,
        urls=state.urls,
    )


def _device(state: DeviceState) -> SharedDevice:
    worker = state.kind is DeviceKind.WORKER
    return SharedDevice(state.id, state.name, worker, state.seen_s, bool(state.connections))
