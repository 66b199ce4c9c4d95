"""Access control of the gateway: keys, origins, transport, tenants, quotas."""

import asyncio
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from backend.admission.quotas import KeyUsage, QuotaMeter
from backend.core.errors import OverQuota
from backend.core.keys import digest_of
from backend.devices.records import Device
from backend.devices.registry import DeviceRegistry, OnRevoked
from backend.history.records import SessionOwner
from backend.http.modes import EVERYWHERE, GatewayMode, is_among, is_loopback
from backend.http.settings import HttpSettings
from backend.http.tls_listener import TlsListener
from protocol.devices import DeviceKind
from protocol.errors import Forbidden, Unauthorised
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_ACCESS

TENANT: Final = "X-Tenant-Id"
KEY_PROTOCOL: Final = "openai-insecure-api-key."
"""Beginning of a subprotocol that holds a key. Source: OpenAI, "Realtime API with WebSocket"."""
SCHEMES: Final = ("bearer", "token")
"""Schemes of a key. Source of the second, also as a subprotocol before the key: Deepgram, "Authenticating"."""
_UNKNOWN_KEY: Final = (
    "this gateway does not know the key: send that of a device of `kikipounamu-gateway devices list`, or make one "
    "with `devices add NAME`"
)
_TENANT: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

OWNER: Final = (DeviceKind.OWNER,)
CLIENTS: Final = (DeviceKind.OWNER, DeviceKind.CLIENT)
WORKERS: Final = (DeviceKind.OWNER, DeviceKind.WORKER)
ANY_DEVICE: Final = tuple(DeviceKind)


class Access:
    """The single place that identifies the device behind a request. One per gateway, at ``app[ACCESS]``."""

    def __init__(self, settings: HttpSettings, roster: DeviceRegistry, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self.roster = roster
        self.tls_listener = TlsListener(trusted=settings.proxies, near_only=settings.host == EVERYWHERE)
        self.meter = QuotaMeter(settings.quota)
        self.uploading: Counter[str] = Counter()  # files that are being uploaded, by owner
        self.upload_ended = asyncio.Event()  # set when an upload ends; waiters clear it
        self.owner = Device("owner", settings.name, DeviceKind.OWNER, digest_of(settings.key))
        roster.on_gone = lambda device: self.meter.forget(device.id)

    def device_of(self, request: web.Request) -> Device:
        """Return the device whose key the request has. Raises ``Unauthorised`` or ``Forbidden``."""
        device = self._device_of(request)
        self.tls_listener.exempt(request.protocol)
        return device

    def greet(self, request: web.Request) -> None:
        """Exempt the connection of a request with a valid key from the limits of unknown peers."""
        key, own = _shown_key(request), self._settings.key
        if hmac.compare_digest(key.encode(), own.encode()) or self.roster.of_key(key) is not None:
            self.tls_listener.exempt(request.protocol)

    def _device_of(self, request: web.Request) -> Device:
        self.check_origin(request)
        self.check_transport(request)
        if not self._settings.key:
            return self.owner
        key = _shown_key(request)
        if hmac.compare_digest(key.encode(), self._settings.key.encode()):
            return self.owner
        device = self.roster.of_key(key) or self.roster.of_new_key(key)
        if device is None:
            log.info(LogEvent.AUDIT_KEY_REFUSED, path=request.path, peer=request.remote)
            raise Unauthorised(_UNKNOWN_KEY if key else "send the key: Authorization: Bearer KEY, or ?api_key=KEY")
        return device

    def check_origin(self, request: web.Request) -> None:
        """Check the origin of a browser's page. Raises ``Forbidden`` if it is not allowed."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin not in self._settings.origins and origin != _own_origin(request):
            raise Forbidden("pages of this origin may not use this gateway: allow it with --origin")

    def check_transport(self, request: web.Request) -> None:
        """Check that no third party could read the request. Raises ``Forbidden``."""
        if not (request.secure or self._may_come_without_tls(request)):
            raise Forbidden("this gateway accepts only TLS connections through its proxy")

    def tenant_of(self, request: web.Request) -> str:
        """Return the tenant named by a trusted proxy, or an empty string."""
        if self._settings.mode is not GatewayMode.SERVER or not is_among(
            request.remote or "", self._settings.proxies
        ):
            return ""
        tenant = request.headers.get(TENANT, "")
        return tenant if _TENANT.fullmatch(tenant) else ""

    def admit(self, request: web.Request, kinds: tuple[DeviceKind, ...]) -> "AdmittedRequest":
        """Count and admit a request of these kinds. Raises ``Unauthorised``, ``Forbidden`` or ``OverQuota``."""
        device = self.device_of(request)
        if device.kind not in kinds:
            raise Forbidden(f"this key is for a {device.kind}: it may not be used for this")
        visit = AdmittedRequest(self, device, self.tenant_of(request))
        if refusal := self.meter.request(device.id, self._clock(), limited=visit.limited):
            raise OverQuota(refusal)
        return visit

    def _may_come_without_tls(self, request: web.Request) -> bool:
        """Return whether the key cannot have been read on its way to this gateway."""
        peer = request.remote or ""
        return not peer or is_loopback(peer) or is_among(peer, self._settings.proxies)


@dataclass(frozen=True)
class AdmittedRequest:
    """An admitted request of a device."""

    access: Access
    device: Device
    tenant: str = ""

    @property
    def about(self) -> SessionOwner:
        """Owner, device name and tenant of the sessions begun in this request."""
        return SessionOwner(self.device.owner, self.device.name, self.tenant)

    @property
    def limited(self) -> bool:
        """True when quotas apply to the device."""
        return self.device.kind is not DeviceKind.OWNER

    @contextmanager
    def present(self, on_revoked: OnRevoked) -> Iterator[None]:
        """Register a permanent connection; ``on_revoked`` ends it as soon as its device is revoked."""
        self.arrived(on_revoked)
        try:
            yield
        finally:
            self.left(on_revoked)

    def arrived(self, on_revoked: OnRevoked) -> None:
        """Register a permanent connection until ``left``; ``on_revoked`` ends it once its device is revoked."""
        self.access.meter.count_connections(self.device.id, 1)
        self.access.roster.arrived(self.device, on_revoked)

    def left(self, on_revoked: OnRevoked) -> None:
        """Forget a permanent connection."""
        self.access.roster.left(self.device, on_revoked)
        self.access.meter.count_connections(self.device.id, -1)


class DeviceStream:
    """A stream of the visitor's device until ``close``. Both its ends are in the audit log.

    ``usage``: that of the device's key. ``on_revoked`` ends the stream.
    """

    __slots__ = ("_before", "_on_revoked", "_visit", "usage")

    def __init__(self, visit: AdmittedRequest, on_revoked: OnRevoked) -> None:
        self._visit, self._on_revoked = visit, on_revoked
        self.usage = visit.access.meter.of(visit.device.id)
        self._before = self.usage.audio_bytes
        log.info(LogEvent.AUDIT_STREAM_OPENED, **self._who)
        self.usage.streams += 1
        visit.arrived(on_revoked)

    def close(self) -> None:
        """Stop counting the stream. Call once."""
        self._visit.left(self._on_revoked)
        self.usage.streams -= 1
        spoken = round(KeyUsage(audio_bytes=self.usage.audio_bytes - self._before).audio_s, 3)
        log.info(LogEvent.AUDIT_STREAM_CLOSED, **self._who, audio_s=spoken)

    @property
    def _who(self) -> dict[str, object]:
        device = self._visit.device
        return {"device": device.id, "kind": device.kind, "tenant": self._visit.tenant}


ACCESS: Final = web.AppKey("access", Access)


def admit(request: web.Request, kinds: tuple[DeviceKind, ...] = CLIENTS) -> AdmittedRequest:
    """Admit a request with one of these kinds of key. Raises ``Unauthorised``, ``Forbidden`` or ``OverQuota``."""
    return request.app[ACCESS].admit(request, kinds)


def _own_origin(request: web.Request) -> str | None:
    """Return the origin of our own page, the dashboard, or ``None`` if the host is a name.

    A foreign page could have the same name as origin, because any name may resolve to this gateway. An IP
    address is safe: only this gateway answers there.
    """
    host = request.headers.get(hdrs.HOST, "")
    with suppress(ValueError):
        ip_address(urlsplit(f"//{host}").hostname or "")
        return f"{'https' if request.secure else 'http'}://{host}"
    return None


def _shown_key(request: web.Request) -> str:
    """Return the key in a request; empty if there is none or it is not UTF-8.

    Clients of other APIs send it as ``Token KEY``, as ``?token=KEY``, or in browsers as a subprotocol.
    """
    scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    key = key.strip() if scheme.lower() in SCHEMES else ""
    key = key or request.query.get("api_key", "") or request.query.get("token", "") or _key_protocol(request)
    try:
        key.encode()
    except UnicodeEncodeError:
        return ""
    return key


def _key_protocol(request: web.Request) -> str:
    """Return the key among the offered subprotocols: browsers send it there with OpenAI's and Deepgram's API."""
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")
    names = [name.strip() for name in offered]
    if len(names) > 1 and names[0].lower() in SCHEMES:
        return names[1]
    return next((name.removeprefix(KEY_PROTOCOL) for name in names if name.startswith(KEY_PROTOCOL)), "")
