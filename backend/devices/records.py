"""File of the paired devices: ids, names, kinds, and digests of keys, never the keys.

Several processes may change it: each takes the lock file next to it, reads, and replaces the whole file. Blocks.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from backend.core.errors import DevicesUnreadable, InvalidSettings, UnknownDevice
from backend.core.keys import digest_of, owner_of_digest
from backend.core.private_files import open_or_make, replace_file
from protocol.decoding import explain, prepared
from protocol.devices import DeviceKind, clean_name
from protocol.errors import NOT_JSON
from protocol.forms import SHA256
from runtime.folders import refusal
from runtime.locking import try_lock
from runtime.whole_file import read_regular

DEVICES_FILE: Final = "devices.json"
MOST: Final = 1_000
_VERSION: Final = 1
_KEY_BYTES: Final = 32
_MOST_BYTES: Final = 16 << 20
_LOCK_S: Final = 5.0
_REVOKED_S: Final = 7 * 24 * 3600
"""Time to remember revoked keys: longer than the broker keeps a session."""
_SHORTEST_PREFIX: Final = 4


class Device(Struct, frozen=True):
    """Holder of a key. Times are seconds since 1970 on this computer's clock; 0: never."""

    id: str
    name: str
    kind: DeviceKind
    key_sha256: Annotated[str, Meta(pattern=SHA256)]
    made_s: int = 0
    seen_s: int = 0

    @property
    def refused(self) -> bool:
        """True if an edited file makes this device an owner, which no pairing and no command does."""
        return self.kind is DeviceKind.OWNER

    @property
    def owner(self) -> str:
        """Owner id of the device's sessions in the broker."""
        return owner_of_digest(self.key_sha256)


class Revoked(Struct, frozen=True):
    """A key that was valid until ``at_s``; ``owner``: owner id of its sessions in the broker."""

    owner: str
    at_s: int


class _Contents(Struct, frozen=True):
    devices: tuple[Device, ...] = ()
    version: int = _VERSION
    revoked: tuple[Revoked, ...] = ()


Signature = tuple[int, int, int]
"""Changes whenever the file changes: modification time, size and inode."""
_Change = Callable[[tuple[Device, ...]], Sequence[Device]]


class DeviceStore:
    """Access to the file. Calls raise ``DevicesUnreadable`` if it is damaged, unreadable or stays locked."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> tuple[Device, ...]:
        """Return all devices, the oldest first."""
        return self._contents().devices

    def revoked_owners(self) -> frozenset[str]:
        """Return the owner ids of recently revoked keys, whose jobs may still be in the broker."""
        return frozenset(one.owner for one in self._contents().revoked)

    def _contents(self) -> _Contents:
        try:
            contents = msgspec.json.decode(read_regular(self.file, _MOST_BYTES), type=prepared(_Contents))
        except FileNotFoundError:
            return _Contents()
        except OSError as error:
            raise self._unreadable(error) from error
        except NOT_JSON as error:
            why = explain(error, _Contents)
            raise DevicesUnreadable(
                f"{self.file} is damaged ({why}): put a copy back, or delete it and pair every device again"
            ) from error
        if contents.version != _VERSION:
            raise DevicesUnreadable(f"{self.file} was written by a later version: update this one")
        return contents

    def signature(self) -> Signature | None:
        """Return the signature of the current file, or ``None`` if it does not exist."""
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        return found.st_mtime_ns, found.st_size, found.st_ino

    def add(self, name: str, kind: DeviceKind, now_s: float) -> tuple[Device, str]:
        """Add a device and return it with its key, which is not stored. Raises ``InvalidSettings``."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        made = Device(secrets.token_hex(6), _checked_name(name), kind, digest_of(key), int(now_s))

        def added(devices: tuple[Device, ...]) -> Sequence[Device]:
            if len(devices) >= MOST:
                raise InvalidSettings(f"{MOST} devices are paired: revoke some that are not used any more")
            return (*devices, made)

        self._change(added)
        return made, key

    def rename(self, wanted: str, name: str) -> Device:
        """Rename a device. Raises ``UnknownDevice``, or ``InvalidSettings`` for an unreadable name."""
        return self._of(wanted, lambda device: replace(device, name=_checked_name(name)))

    def revoke(self, wanted: str) -> Device:
        """Revoke the key of a device. Raises ``UnknownDevice``."""
        return self._of(wanted, lambda device: None)

    def record_seen(self, times_s: Mapping[str, float], now_s: float) -> None:
        """Record when devices were last seen, by id; revoked devices stay revoked.

        A later stored time is kept, unless it is later than ``now_s``: then the clock has been set back since.
        """

        def seen(device: Device) -> Device:
            noted_s, seen_s = device.seen_s, int(times_s.get(device.id, 0))
            return replace(device, seen_s=seen_s if seen_s and noted_s > now_s else max(noted_s, seen_s))

        self._change(lambda devices: [seen(device) for device in devices])

    def _of(self, wanted: str, change: Callable[[Device], Device | None]) -> Device:
        found: list[Device] = []

        def changed(devices: tuple[Device, ...]) -> Sequence[Device]:
            device = find(devices, wanted)
            after = change(device)
            found.append(after or device)
            return [one for one in (after if one is device else one for one in devices) if one is not None]

        self._change(changed)
        return found[0]

    def _change(self, change: _Change) -> None:
        with self._alone():
            before = self._contents()
            devices = tuple(change(before.devices))
            if devices != before.devices:
                after = replace(before, devices=devices, revoked=_revocations(before, devices, int(time.time())))
                replace_file(self.file, msgspec.json.format(msgspec.json.encode(after)))

    def _unreadable(self, error: OSError) -> DevicesUnreadable:
        if isinstance(error, IsADirectoryError | NotADirectoryError):
            return DevicesUnreadable(refusal(error, self.file))
        advice = (
            "give it to the user as whom the gateway runs" if isinstance(error, PermissionError) else "try again"
        )
        return DevicesUnreadable(f"{self.file} cannot be read ({error.strerror}): {advice}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self.file.with_name(f".{self.file.name}.lock")
        descriptor = open_or_make(lock)
        try:
            end = time.monotonic() + _LOCK_S
            while not try_lock(descriptor):
                if time.monotonic() > end:
                    raise DevicesUnreadable(f"another process has {lock} for too long: end it, and try again")
                time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)


def find(devices: Sequence[Device], wanted: str) -> Device:
    """Find a device by id, beginning of an id, or unique name. Raises ``UnknownDevice``."""
    exact = [one for one in devices if one.id == wanted]
    begun = [one for one in devices if len(wanted) >= _SHORTEST_PREFIX and one.id.startswith(wanted)]
    found = exact or begun or [one for one in devices if one.name == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnknownDevice(f"{wanted} may be {', '.join(one.id for one in found)}: give the id")
    raise UnknownDevice(f"no paired device is named {wanted}: see `kikipounamu-gateway devices list`")


def _revocations(before: _Contents, devices: Sequence[Device], now_s: int) -> tuple[Revoked, ...]:
    """Return earlier revocations that still matter, and those of devices removed now."""
    here = {device.id for device in devices}
    gone = [Revoked(device.owner, now_s) for device in before.devices if device.id not in here]
    matter = [one for one in before.revoked if now_s - one.at_s < _REVOKED_S]
    return tuple([*matter, *gone][-MOST:])


def _checked_name(name: str) -> str:
    clean = clean_name(name)
    if not clean:
        raise InvalidSettings("a device needs a name with visible characters")
    return clean
