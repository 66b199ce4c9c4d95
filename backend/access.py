"""Who may come in: keys, origins, tenants, quotas."""

import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web

from backend.devices import Device
from backend.door import Door
from backend.errors import OverQuota
from backend.history.records import About
from backend.modes import Mode, is_among, is_loopback
from backend.quotas import Meter, Usage
from backend.roster import OnRevoked, Roster
from backend.settings import GatewaySettings, digest_of
from protocol.devices import DeviceKind
from protocol.errors import Forbidden, Unauthorised
from runtime import logger_names

log = structlog.get_logger(logger_names.BACKEND_ACCESS)

TENANT: Final = "X-Tenant-Id"
_TENANT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

OWNER: Final = (DeviceKind.OWNER,)
CLIENTS: Final = (DeviceKind.OWNER, DeviceKind.CLIENT)
WORKERS: Final = (DeviceKind.OWNER, DeviceKind.WORKER)
EVERYBODY: Final = tuple(DeviceKind)


class Access:
    """The one place that decides who a request is from. One per gateway, at ``app[ACCESS]``."""

    def __init__(self, settings: GatewaySettings, roster: Roster, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self.roster = roster
        self.door = Door(trusted=settings.proxies)
        self.meter = Meter(settings.quota)
        self.owner = Device("owner", settings.name, DeviceKind.OWNER, digest_of(settings.key))
        roster.on_gone = lambda device: self.meter.forget(device.id)

    def device_of(self, request: web.Request) -> Device:
        """Whose key this request shows. Raises ``Unauthorised`` or ``Forbidden``."""
        device = self._device_of(request)
        self.door.known(request.protocol)
        return device

    def _device_of(self, request: web.Request) -> Device:
        self.check_origin(request)
        self.check_transport(request)
        if not self._settings.key:
            return self.owner
        key = _shown_key(request)
        if hmac.compare_digest(key.encode(), self._settings.key.encode()):
            return self.owner
        device = self.roster.of_key(key)
        if device is None:
            log.info("audit", what="no good key", path=request.path, peer=request.remote)
            raise Unauthorised("show the key: Authorization: Bearer KEY, or ?api_key=KEY")
        return device

    def check_origin(self, request: web.Request) -> None:
        """Raises ``Forbidden`` for a browser's page that nobody allowed."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin not in self._settings.origins and origin != _own_origin(request):
            raise Forbidden("pages of this origin may not use this gateway: allow it with --origin")

    def check_transport(self, request: web.Request) -> None:
        """Raises ``Forbidden`` where somebody between could read what is sent."""
        if not (request.secure or self._may_come_without_tls(request)):
            raise Forbidden("this gateway is spoken to over TLS, through its proxy")

    def tenant_of(self, request: web.Request) -> str:
        """For whom the proxy says that this request is; empty: nobody who is to be believed says so."""
        if self._settings.mode is not Mode.SERVER or not is_among(request.remote or "", self._settings.proxies):
            return ""
        tenant = request.headers.get(TENANT, "")
        return tenant if _TENANT.fullmatch(tenant) else ""

    def admit(self, request: web.Request, kinds: tuple[DeviceKind, ...]) -> "Visit":
        """One more request. Raises ``Unauthorised``, ``Forbidden`` or ``OverQuota``."""
        device = self.device_of(request)
        if device.kind not in kinds:
            raise Forbidden(f"this key is for a {device.kind}: it may not be used for this")
        visit = Visit(self, device, self.tenant_of(request))
        if refusal := self.meter.request(device.id, self._clock(), limited=visit.limited):
            raise OverQuota(refusal)
        return visit

    def _may_come_without_tls(self, request: web.Request) -> bool:
        """Whether nobody can have read the key on the way."""
        peer = request.remote or ""
        return not peer or is_loopback(peer) or is_among(peer, self._settings.proxies)


@dataclass(frozen=True)
class Visit:
    """One request that was let in."""

    access: Access
    device: Device
    tenant: str = ""

    @property
    def about(self) -> About:
        """Whose a session is that it begins."""
        return About(self.device.owner, self.device.name, self.tenant)

    @property
    def limited(self) -> bool:
        """Whether quotas hold for it."""
        return self.device.kind is not DeviceKind.OWNER

    @contextmanager
    def stream(self, on_revoked: OnRevoked) -> Iterator[Usage]:
        """A connection that stays, and is counted: ``on_revoked`` ends it. Both ends are in the audit log."""
        usage = self.access.meter.of(self.device.id)
        before = usage.audio_bytes
        who = {"device": self.device.id, "kind": self.device.kind, "tenant": self.tenant}
        log.info("audit", what="stream opened", **who)
        usage.streams += 1
        try:
            with self.present(on_revoked):
                yield usage
        finally:
            usage.streams -= 1
            spoken = round(Usage(audio_bytes=usage.audio_bytes - before).audio_s, 3)
            log.info("audit", what="stream closed", **who, audio_s=spoken)

    @contextmanager
    def present(self, on_revoked: OnRevoked) -> Iterator[None]:
        """A connection that stays: ``on_revoked`` ends it at the moment when its device is revoked."""
        with self.access.roster.present(self.device, on_revoked):
            yield


ACCESS: Final = web.AppKey("access", Access)


def device_of(request: web.Request) -> Device:
    """Whose key this request shows. Raises ``Unauthorised`` or ``Forbidden``."""
    return request.app[ACCESS].device_of(request)


def admit(request: web.Request, kinds: tuple[DeviceKind, ...] = CLIENTS) -> Visit:
    """Let it in, if its key is of one of these kinds. Raises ``Unauthorised``, ``Forbidden`` or ``OverQuota``."""
    return request.app[ACCESS].admit(request, kinds)


def _own_origin(request: web.Request) -> str | None:
    """What a browser says of our own page, the dashboard; ``None`` where a stranger's page could be called so.

    It could wherever we are called by a name: a stranger's name may lead here. At an address only we answer.
    """
    host = request.headers.get(hdrs.HOST, "")
    with suppress(ValueError):
        ip_address(urlsplit(f"//{host}").hostname or "")
        return f"{'https' if request.secure else 'http'}://{host}"
    return None


def _shown_key(request: web.Request) -> str:
    """Empty: none, or one that is not UTF-8 and nobody's."""
    scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else request.query.get("api_key", "")
    try:
        key.encode()
    except UnicodeEncodeError:
        return ""
    return key
