"""Paired devices in a running gateway: owners of keys, connected devices, revocations.

The file is checked four times a second, because the command line changes it without this process.
"""

import asyncio
import hmac
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from backend.core.errors import BackendError
from backend.core.keys import digest_of
from backend.devices.records import Device, DeviceStore, Signature
from protocol.devices import DeviceKind
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_ROSTER

LOOK_S: Final = 0.25
_WRITE_S: Final = 60.0

OnRevoked = Callable[[], None]


class DeviceRegistry:
    """Devices of a gateway. ``store`` ``None``: no device can be paired. ``clock`` returns seconds since 1970.

    ``revoked``: owner ids of revoked keys.
    """

    def __init__(self, store: DeviceStore | None, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._signature: Signature | None = None
        self._unread = ""
        self._written_at = -math.inf
        self._devices: dict[str, Device] = {}
        self._refused: set[str] = set()
        self._here: defaultdict[str, list[OnRevoked]] = defaultdict(list)
        self._seen: dict[str, float] = {}
        self.on_gone: Callable[[Device], None] = _nothing
        self.revoked: frozenset[str] = frozenset()
        if store is not None:
            self._signature = store.signature()
            self._devices = self._valid(store.read())
            self.revoked = store.revoked_owners()

    @property
    def devices(self) -> tuple[Device, ...]:
        """All paired devices, in the order of the file."""
        return tuple(self._devices.values())

    def of_key(self, key: str) -> Device | None:
        """Return the device with this key. Takes the same time for every key, because each digest is compared."""
        shown, found = digest_of(key), None
        for device in self._devices.values():
            if hmac.compare_digest(shown, device.key_sha256):
                found = device
        if found is not None:
            self._seen[found.id] = self._clock()
        return found

    def of_new_key(self, key: str) -> Device | None:
        """Reload the file, and return the device with this key if another process has just added it."""
        before = self._signature
        self.refresh()
        return self.of_key(key) if self._signature != before else None

    def seen_s(self, device: Device, connected: bool = False) -> int:
        """Return when the device was last seen; now, while it is ``connected`` to any process."""
        now_s = self._clock()
        if self._seen.get(device.id, 0) > now_s:
            self._seen[device.id] = now_s  # the clock was set back: it was seen no later than now
        here_s = now_s if connected or device.id in self._here else 0
        return int(max(min(device.seen_s, now_s), self._seen.get(device.id, 0), here_s))

    def connections(self, device: Device) -> int:
        """Return the number of open connections of the device."""
        return len(self._here.get(device.id, ()))

    def arrived(self, device: Device, on_revoked: OnRevoked) -> None:
        """Register a connection of the device; ``on_revoked``, which must not wait, is called upon revocation."""
        self._here[device.id].append(on_revoked)
        if device.kind is not DeviceKind.OWNER and device.id not in self._devices:
            on_revoked()  # revoked since its key was checked

    def left(self, device: Device, on_revoked: OnRevoked) -> None:
        """Forget a connection of the device."""
        if device.id in self._devices:
            self._seen[device.id] = self._clock()
        self._here[device.id].remove(on_revoked)
        if not self._here[device.id]:
            del self._here[device.id]

    # -- changes -------------------------------------------------------------------------------------------

    async def add(self, name: str, kind: DeviceKind) -> tuple[Device, str]:
        """Add a device and return it with its key. Raises ``BackendError``."""
        made = await asyncio.to_thread(self._file.add, name, kind, self._clock())
        self.refresh()
        return made

    async def rename(self, wanted: str, name: str) -> Device:
        """Rename a device. Raises ``BackendError``."""
        renamed = await asyncio.to_thread(self._file.rename, wanted, name)
        self.refresh()
        return renamed

    async def revoke(self, wanted: str) -> Device:
        """Revoke a device and disconnect it. Raises ``BackendError``."""
        revoked = await asyncio.to_thread(self._file.revoke, wanted)
        self.refresh()
        return revoked

    def refresh(self) -> None:
        """Reload the file if it has changed. An unreadable file changes nothing and is tried again."""
        if self._store is None:
            return
        try:
            if (signature := self._store.signature()) == self._signature:
                return
            after = self._valid(self._store.read())
            revoked = self._store.revoked_owners()
        except BackendError as error:
            if str(error) != self._unread:
                log.error(LogEvent.DEVICES_UNREADABLE, reason=str(error))
            self._unread = str(error)
            return
        self._signature, self._unread = signature, ""
        gone = [device for id, device in self._devices.items() if id not in after]
        self._devices = after
        self.revoked = (revoked | {one.owner for one in gone}) - {one.owner for one in after.values()}
        for device in gone:
            self._seen.pop(device.id, None)
            here = tuple(self._here.get(device.id, ()))
            log.info(LogEvent.AUDIT_DEVICE_REVOKED, device=device.id, connections=len(here))
            self.on_gone(device)
            for on_revoked in here:
                on_revoked()

    async def run(self) -> None:
        """Reload changes and record when devices were seen, until cancelled."""
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                self.refresh()
                if due := self.due(time.monotonic()):
                    await asyncio.to_thread(self._note, due)
        finally:
            self._note(self._to_note())

    def due(self, now: float) -> dict[str, float]:
        """Return the times to write now: none within a minute of the last write."""
        if now - self._written_at < _WRITE_S or not (due := self._to_note()):
            return {}
        self._written_at = now
        return due

    def _to_note(self) -> dict[str, float]:
        """Return when devices were last seen, if the file has an older time, or one in the future."""
        seen = {id: self.seen_s(device) for id, device in self._devices.items()}
        return {id: seen_s for id, seen_s in seen.items() if seen_s != self._devices[id].seen_s}

    def _valid(self, devices: Iterable[Device]) -> dict[str, Device]:
        """Return valid devices by id; entries forged as owners are logged once and ignored."""
        valid: dict[str, Device] = {}
        for device in devices:
            if not device.refused:
                valid[device.id] = device
            elif device.id not in self._refused:
                self._refused.add(device.id)
                do = f"kikipounamu-gateway devices revoke {device.id}, and pair it again"
                log.error(LogEvent.DEVICE_REFUSED, device=device.id, reason="kind_owner", do=do)
        return valid

    @property
    def _file(self) -> DeviceStore:
        if self._store is None:
            raise BackendError("this gateway stores no devices")
        return self._store

    def _note(self, seen: dict[str, float]) -> None:
        if self._store is None or not seen:
            return
        try:
            self._store.record_seen(seen, self._clock())
        except (BackendError, OSError) as error:
            log.warning(LogEvent.DEVICES_LAST_SEEN_NOT_KEPT, reason=str(error))


def _nothing(device: Device) -> None:
    """Ignore a revoked device."""
