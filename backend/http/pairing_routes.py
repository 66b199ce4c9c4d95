"""The ``/v1/pair`` routes for devices without a key, and ``/v1/pairing`` for the owner who pairs them."""

import errno
import secrets
from collections.abc import Callable
from typing import Final

from aiohttp import web
from msgspec.structs import replace

from backend.core.errors import BackendError, InvalidSettings, RequestRefused
from backend.devices.pairing import Pairing, Proven
from backend.http.access import OWNER, Access, admit
from backend.http.addresses import interfaces, reachable
from backend.http.certificates import Certificate
from backend.http.responses import json_response, read_body, read_json
from backend.http.settings import HttpSettings
from backend.http.tls_listener import peer_of
from protocol.devices import DeviceKind
from protocol.errors import ErrorCode, Forbidden
from protocol.pairing import (
    CODE_DIGITS,
    PAIR_PATH,
    PAIRING_PATH,
    DeviceKey,
    PairBegan,
    PairConfirm,
    Paired,
    PairingProblem,
    PairingStage,
    PairingState,
    PairingWish,
    PairRefusal,
    PairRefused,
    PairRequest,
    decode_request,
)
from runtime import loggers
from runtime.clocks import steady_s
from runtime.event_names import LogEvent

log = loggers.BACKEND_PAIRING_ROUTES

_KINDS: Final = (DeviceKind.CLIENT, DeviceKind.WORKER)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class PairingRoutes:
    """Routes of pairing. A new pairing ends the previous one. ``port`` returns the port for other devices.

    ``clock`` must advance while the computer sleeps; otherwise codes would stay valid for longer than stated.
    """

    def __init__(
        self,
        settings: HttpSettings,
        access: Access,
        port: Callable[[], int],
        clock: Callable[[], float] = steady_s,
    ) -> None:
        self._settings = settings
        self._access = access
        self._port = port
        self._clock = clock
        self._pairing: Pairing | None = None
        self._device = ""
        self._problem: PairingProblem | None = None

    def routes(self) -> list[web.RouteDef]:
        """Return all routes of this module."""
        return [
            web.post(PAIR_PATH, self._pair),
            web.post(PAIRING_PATH, self._open),
            web.get(PAIRING_PATH, self._show),
            web.delete(PAIRING_PATH, self._close),
        ]

    # -- the owner -----------------------------------------------------------------------------------------

    async def _open(self, request: web.Request) -> web.Response:
        admit(request, OWNER)
        wish = await read_json(request, PairingWish)
        if wish.kind not in _KINDS:
            raise InvalidSettings("only clients and workers are paired")
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        self._pairing = Pairing(code, wish.kind, self._certificate().sha256, self._clock())
        self._device, self._problem = "", None
        log.info(LogEvent.AUDIT_PAIRING_OPENED, kind=wish.kind)
        return json_response(self.state())

    async def _show(self, request: web.Request) -> web.Response:
        admit(request, OWNER)
        return json_response(self.state())

    async def _close(self, request: web.Request) -> web.Response:
        admit(request, OWNER)
        self._pairing = self._problem = None
        return json_response(self.state())

    def state(self) -> PairingState:
        """Return the state of the pairing, for the owner."""
        certificate = self._settings.certificate
        here = PairingState(
            gateway=self._settings.name,
            certificate_sha256=certificate.sha256 if certificate else "",
            urls=self._urls(),
            problem=self._problem,
        )
        if self._pairing is None:
            return here
        now = self._clock()
        stage = self._pairing.stage(now)
        if stage is PairingStage.PAIRED and not self._device:
            stage = PairingStage.WAITING  # until the device is on disk
        return replace(
            here,
            stage=stage,
            kind=self._pairing.kind,
            code=self._pairing.code if stage is PairingStage.WAITING else "",
            left_s=round(self._pairing.left_s(now), 1),
            tries_left=self._pairing.tries_left,
            device=self._device,
        )

    def _urls(self) -> tuple[str, ...]:
        if not (port := self._port()):
            return ()
        hosts = reachable(self._settings.host, interfaces())
        return tuple(f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}" for host in hosts)

    def _certificate(self) -> Certificate:
        if self._settings.certificate is None:
            message = "this gateway is not shared, so it pairs no devices: serve --mode shared"
            raise RequestRefused(409, ErrorCode.CONFLICT, message)
        return self._settings.certificate

    # -- the device ----------------------------------------------------------------------------------------

    async def _pair(self, request: web.Request) -> web.Response:
        self._access.check_origin(request)
        if not request.secure:
            raise Forbidden("devices are paired at the TLS port")
        said = decode_request(await read_body(request))
        if self._pairing is None:
            return json_response(PairRefused(PairRefusal.CLOSED))
        answer = self._answer(self._pairing, said, peer_of(request.remote or "127.0.0.1"))
        if isinstance(answer, Proven):
            return json_response(await self._welcome(answer))
        if isinstance(answer, PairRefused):
            log.warning(LogEvent.AUDIT_PAIRING_FAILED, reason=answer.reason, peer=request.remote)
        return json_response(answer)

    def _answer(self, pairing: Pairing, said: PairRequest, peer: str) -> PairBegan | Proven | PairRefused:
        now = self._clock()
        if isinstance(said, PairConfirm):
            return pairing.confirm(said, now)
        return pairing.begin(said, secrets.token_urlsafe(16), now, peer)

    async def _welcome(self, proven: Proven) -> Paired:
        pairing = self._pairing
        try:
            device, key = await self._access.roster.add(proven.name, proven.kind)
        except (OSError, BackendError) as error:
            refused, problem = _storage_error(error)
            self._over(pairing, problem)
            log.error(LogEvent.DEVICE_NOT_KEPT, reason=str(error))
            raise refused from error
        except BaseException:
            self._over(pairing, None)
            raise
        if self._pairing is pairing:  # another pairing may have been opened meanwhile
            self._device = device.id
        log.info(LogEvent.AUDIT_DEVICE_PAIRED, device=device.id, kind=device.kind)
        return proven.sealed(DeviceKey(device.id, key, self._settings.name))

    def _over(self, pairing: Pairing | None, problem: PairingProblem | None) -> None:
        """End this pairing if it is still the open one, because its code was used up."""
        if self._pairing is pairing:
            self._pairing, self._problem = None, problem


def _storage_error(error: OSError | BackendError) -> tuple[RequestRefused, PairingProblem]:
    """Return the error for the device and the problem for the owner."""
    if isinstance(error, OSError) and error.errno in _FULL:
        device = "the gateway cannot keep this device: its disk is full. Make room there, and show a new code"
        owner = "the disk is full: make room, and begin again"
        return RequestRefused(507, ErrorCode.DISK_FULL, device), PairingProblem(ErrorCode.DISK_FULL, owner)
    device = "the gateway cannot keep this device: its own screen says why"
    return RequestRefused(409, ErrorCode.CONFLICT, device), PairingProblem(ErrorCode.CONFLICT, str(error))
