"""Devices in a running gateway, while the file is changed by another process."""

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.core.errors import BackendError, DevicesUnreadable, UnknownDevice
from backend.devices.records import Device, DeviceStore, Signature
from backend.devices.registry import DeviceRegistry, OnRevoked
from protocol.devices import DeviceKind
from runtime.tasks import Tasks
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until


@contextmanager
def present(roster: DeviceRegistry, device: Device, on_revoked: OnRevoked) -> Iterator[None]:
    """Register a connection of the device while the context lasts."""
    roster.arrived(device, on_revoked)
    yield
    roster.left(device, on_revoked)


@pytest.fixture
def store(tmp_path: Path) -> DeviceStore:
    return DeviceStore(tmp_path / "devices.json")


def test_key_belongs_to_one_device(store: DeviceStore) -> None:
    made = [store.add(name, DeviceKind.CLIENT, 0) for name in "ab"]
    roster = DeviceRegistry(store, lambda: 77.5)
    assert [roster.of_key(key) for _, key in made] == [device for device, _ in made]
    assert roster.of_key("") is roster.of_key(made[0][0].key_sha256) is None
    assert roster.seen_s(made[0][0]) == 77


def test_device_forged_as_owner_is_refused_and_logged_once(store: DeviceStore) -> None:
    device, key = store.add("a", DeviceKind.CLIENT, 0)
    other, others_key = store.add("b", DeviceKind.CLIENT, 0)
    roster = DeviceRegistry(store)
    gone: list[str] = []
    with present(roster, device, lambda: gone.append("a")), capture_logs() as logs:
        text = store.file.read_text().replace('"client"', '"owner"', 1)
        store.file.write_text(text)
        roster.refresh()
        roster.refresh()
        assert gone == ["a"], "it is out at once"
    assert roster.of_key(key) is None and roster.of_key(others_key) == other
    assert DeviceRegistry(store).devices == (other,)
    (refusal,) = [line for line in logs if line["event"] == "device.refused"]
    assert (refusal["device"], refusal["reason"]) == (device.id, "kind_owner")
    store.revoke(device.id)
    assert store.read() == (other,)


async def test_revocation_by_other_process_disconnects_at_once(store: DeviceStore) -> None:
    (device, key), (other, _) = (store.add(name, DeviceKind.CLIENT, 0) for name in "ab")
    roster = DeviceRegistry(store)
    gone: list[str] = []
    roster.on_gone = lambda device: gone.append("gone")
    async with Tasks("test") as tasks:
        tasks.start(roster.run(), "devices")
        with (
            present(roster, device, lambda: gone.append("first")),
            present(roster, device, lambda: gone.append("second")),
            present(roster, other, lambda: gone.append("other")),
        ):
            assert roster.connections(device) == 2
            await asyncio.to_thread(store.revoke, device.id)
            await wait_until(lambda: len(gone) == 3, "all its connections are told")
            assert roster.of_key(key) is None
            late: list[str] = []
            with present(roster, device, lambda: late.append("late")):
                assert late == ["late"]
    assert gone == ["gone", "first", "second"]
    assert roster.connections(device) == roster.connections(other) == 0


async def test_own_changes_apply_at_once(store: DeviceStore) -> None:
    roster = DeviceRegistry(store, lambda: 5.0)
    device, key = await roster.add("n", DeviceKind.WORKER)
    assert roster.of_key(key) == device
    assert (await roster.rename(device.id, "m")).name == roster.devices[0].name == "m"
    gone: list[str] = []
    with present(roster, device, lambda: gone.append("gone")):
        await roster.revoke(device.id)
        assert gone == ["gone"] and roster.of_key(key) is None
    with pytest.raises(UnknownDevice):
        await roster.revoke(device.id)


async def test_last_seen_is_written_at_end(store: DeviceStore) -> None:
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    roster = DeviceRegistry(store, lambda: 1_234.0)
    async with Tasks("test") as tasks:
        tasks.start(roster.run(), "devices")
        await asyncio.sleep(0)
        roster.of_key(key)
    assert store.read()[0].seen_s == 1_234


async def test_first_seen_device_is_written_at_once(store: DeviceStore) -> None:
    """After a kill and restart, the gateway still knows when devices were last seen."""
    _, key = store.add("n", DeviceKind.CLIENT, 0)
    roster = DeviceRegistry(store, lambda: 1_234.0)
    async with Tasks("test") as tasks:
        tasks.start(roster.run(), "devices")
        roster.of_key(key)
        await wait_until(lambda: store.read()[0].seen_s == 1_234, "the file says so while the gateway runs")


def test_file_is_written_at_most_once_a_minute(store: DeviceStore) -> None:
    (first, first_key), (second, second_key) = (store.add(name, DeviceKind.CLIENT, 0) for name in "ab")
    now = [100.0]
    roster = DeviceRegistry(store, lambda: now[0])
    assert roster.due(0.0) == {}
    roster.of_key(first_key)
    assert roster.due(0.0) == {first.id: 100}
    store.record_seen({first.id: 100}, now[0])
    now[0] = 130.0
    roster.of_key(first_key)
    roster.of_key(second_key)
    assert roster.due(59.0) == {}
    assert roster.due(60.0) == {first.id: 130, second.id: 130}
    store.record_seen({first.id: 130, second.id: 130}, now[0])
    roster.refresh()
    assert roster.due(120.0) == {}, "no device connected, so nothing is written"


def test_last_seen_is_corrected_after_the_clock_was_set_back(store: DeviceStore) -> None:
    """Otherwise a device seen while the clock was a year ahead would count as just seen for a year."""
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    now = [9_000.0]
    for roster in (DeviceRegistry(store, lambda: now[0]), DeviceRegistry(store, lambda: now[0])):
        roster.of_key(key)
        store.record_seen(roster.due(0.0), now[0])
        roster.refresh()
        now[0] = 500.0
        assert roster.due(60.0) == {device.id: 500}
        store.record_seen({device.id: 500}, now[0])
        roster.refresh()
        now[0] = 900.0
        assert roster.seen_s(roster.devices[0]) == store.read()[0].seen_s == 500
        now[0] = 9_000.0


def test_connected_device_was_seen_now(store: DeviceStore) -> None:
    """A connection of several hours is a single request."""
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    now = [100.0]
    roster = DeviceRegistry(store, lambda: now[0])
    roster.of_key(key)
    with present(roster, device, lambda: None):
        now[0] = 500.0
        assert roster.seen_s(device) == 500 and roster.due(0.0) == {device.id: 500}
        now[0] = 700.0
    now[0] = 900.0
    assert roster.seen_s(device) == 700 and roster.due(60.0) == {device.id: 700}


def test_file_damaged_at_runtime_changes_nothing(store: DeviceStore) -> None:
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    roster = DeviceRegistry(store)
    store.file.write_text("{")
    roster.refresh()
    assert roster.of_key(key) == device
    store.file.unlink()
    roster.refresh()
    assert roster.of_key(key) is None


class UnluckyStore(DeviceStore):
    """Store whose first ``looks`` signatures and ``reads`` reads fail."""

    looks = reads = 0

    def signature(self) -> Signature | None:
        self.looks -= 1
        if self.looks >= 0:
            raise self._unreadable(OSError(errno.EIO, os.strerror(errno.EIO)))
        return super().signature()

    def read(self) -> tuple[Device, ...]:
        self.reads -= 1
        if self.reads >= 0:
            raise self._unreadable(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
        return super().read()


@pytest.mark.parametrize(("looks", "reads"), [(1, 0), (0, 1), (1, 2)])
def test_unreadable_file_is_read_at_next_refresh(store: DeviceStore, looks: int, reads: int) -> None:
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    unlucky = UnluckyStore(store.file)
    roster = DeviceRegistry(unlucky)
    gone: list[str] = []
    with present(roster, device, lambda: gone.append("gone")):
        store.revoke(device.id)
        unlucky.looks, unlucky.reads = looks, reads
        for _ in range(looks + reads):
            roster.refresh()
            assert roster.of_key(key) == device, "what cannot be read changes nothing"
        roster.refresh()
        assert gone == ["gone"] and roster.of_key(key) is None


def test_permanently_unreadable_file_is_logged_once(store: DeviceStore) -> None:
    unlucky = UnluckyStore(store.file)
    roster = DeviceRegistry(unlucky)
    store.add("n", DeviceKind.CLIENT, 0)
    unlucky.reads = 10
    with capture_logs() as lines:
        for _ in range(10):
            roster.refresh()
    (line,) = lines
    assert line["log_level"] == "error" and "Too many open files" in line["reason"]


def test_damaged_file_prevents_start(store: DeviceStore) -> None:
    store.file.write_text("{")
    with pytest.raises(DevicesUnreadable):
        DeviceRegistry(store)


async def test_roster_without_store_has_no_devices() -> None:
    roster = DeviceRegistry(None)
    roster.refresh()
    assert roster.devices == () and roster.of_key("k") is None
    with pytest.raises(BackendError, match="no devices"):
        await roster.add("n", DeviceKind.CLIENT)
    owner = Device("owner", "n", DeviceKind.OWNER, "0" * 64)
    with present(roster, owner, lambda: pytest.fail("the owner cannot be revoked")):
        assert roster.connections(owner) == 1


def test_key_that_another_process_has_just_added_is_known(store: DeviceStore) -> None:
    roster = DeviceRegistry(store)
    device, key = store.add("a", DeviceKind.CLIENT, 0)
    assert roster.of_key(key) is None and roster.of_new_key("wrong") is None
    assert roster.of_key(key) == device
    other, others_key = store.add("b", DeviceKind.CLIENT, 0)
    assert roster.of_new_key(others_key) == other
    assert DeviceRegistry(None).of_new_key(key) is None


def test_device_that_is_connected_to_another_process_is_seen_now(store: DeviceStore) -> None:
    device, _ = store.add("a", DeviceKind.CLIENT, 0)
    roster = DeviceRegistry(store, lambda: 77.5)
    assert (roster.seen_s(device), roster.seen_s(device, connected=True)) == (0, 77)
