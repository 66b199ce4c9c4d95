"""File of paired devices: its content, its protection, and concurrent changes."""

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.core.errors import DevicesUnreadable, InvalidSettings, UnknownDevice
from backend.core.keys import digest_of, owner_of
from backend.devices.records import Device, DeviceStore, find
from protocol.devices import DeviceKind


@pytest.fixture
def store(tmp_path: Path) -> DeviceStore:
    return DeviceStore(tmp_path / "data" / "devices.json")


def test_key_is_returned_once_and_stored_nowhere(store: DeviceStore) -> None:
    device, key = store.add("Anna's laptop", DeviceKind.CLIENT, 1_000.9)
    assert store.read() == (device,)
    assert device == Device(device.id, "Anna's laptop", DeviceKind.CLIENT, digest_of(key), 1_000)
    assert device.owner == owner_of(key)
    assert len(key) >= 43  # 256 bits, six in each letter
    for file in store.file.parent.iterdir():
        assert key not in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ids_and_keys_are_unique(store: DeviceStore) -> None:
    made = [store.add("n", DeviceKind.WORKER, 0) for _ in range(5)]
    assert len({device.id for device, _ in made}) == len({key for _, key in made}) == 5


def test_renamed_device_has_clean_name(store: DeviceStore) -> None:
    device, _ = store.add("n", DeviceKind.CLIENT, 0)
    assert store.rename(device.id, " new\nname ").name == "new name"
    assert store.read()[0].name == "new name"
    for name in ("", "\x00", " \n"):
        with pytest.raises(InvalidSettings, match="name"):
            store.rename(device.id, name)
        with pytest.raises(InvalidSettings, match="name"):
            store.add(name, DeviceKind.CLIENT, 0)


def test_revoked_device_stays_removed(store: DeviceStore) -> None:
    first, second = (store.add(name, DeviceKind.CLIENT, 0)[0] for name in "ab")
    assert store.revoke("a") == first
    store.record_seen({first.id: 5.0, second.id: 7.9}, 9.0)
    assert [(device.id, device.seen_s) for device in store.read()] == [(second.id, 7)]
    store.record_seen({second.id: 3.0}, 9.0)
    assert store.read()[0].seen_s == 7
    with pytest.raises(UnknownDevice):
        store.revoke(first.id)


def test_revoked_keys_are_remembered_by_their_owner_id_for_a_week(store: DeviceStore) -> None:
    first, second = (store.add(name, DeviceKind.CLIENT, 0)[0] for name in "ab")
    assert store.revoked_owners() == frozenset()
    store.revoke(first.id)
    store.record_seen({second.id: 3.0}, 9.0)
    assert store.revoked_owners() == {first.owner}
    store.file.write_text(store.file.read_text().replace('"at_s": ', '"at_s": -'))
    store.revoke(second.id)
    assert store.revoked_owners() == {second.owner}


def test_concurrent_changes_are_all_kept(store: DeviceStore) -> None:
    with ThreadPoolExecutor(8) as several:
        made = list(several.map(lambda n: store.add(f"n{n}", DeviceKind.CLIENT, n)[0], range(24)))
        list(several.map(lambda device: store.revoke(device.id), made[:12]))
    assert {device.id for device in store.read()} == {device.id for device in made[12:]}


def test_number_of_devices_is_limited(store: DeviceStore) -> None:
    store.add("n", DeviceKind.CLIENT, 0)
    text = store.file.read_text()
    start, end = text.index("{", text.index("[")), text.index("]")
    store.file.write_text(text[:start] + ",".join([text[start:end]] * 1_000) + text[end:])
    with pytest.raises(InvalidSettings, match="1000 devices"):
        store.add("n", DeviceKind.CLIENT, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"devices":[{"id":"a"}]}',
        '{"devices":[],"version":2}',
        "\udcff",
        '{"devices":[{"id":"\udcff"}]}',
        "[" * 9_999,
    ],
)
def test_damaged_file_is_reported_and_never_overwritten(store: DeviceStore, text: str) -> None:
    store.file.parent.mkdir()
    store.file.write_text(text, errors="surrogateescape")
    before = store.file.read_bytes()
    with pytest.raises(DevicesUnreadable, match=r"devices\.json is damaged \((the JSON|`)|a later version"):
        store.read()
    with pytest.raises(DevicesUnreadable):
        store.add("n", DeviceKind.CLIENT, 0)
    assert store.file.read_bytes() == before


@pytest.mark.parametrize("ask", [DeviceStore.read, DeviceStore.signature])
def test_unreadable_file_is_reported_with_remedy(store: DeviceStore, ask: Callable[[DeviceStore], object]) -> None:
    store.file.parent.symlink_to(store.file.parent)  # a loop
    with pytest.raises(DevicesUnreadable, match=r"devices\.json cannot be read .*: try again"):
        ask(store)


def test_folder_in_the_place_of_the_file_is_reported_with_remedy(store: DeviceStore) -> None:
    store.file.mkdir(parents=True)
    for ask in (store.read, lambda: store.add("n", DeviceKind.CLIENT, 0)):
        with pytest.raises(DevicesUnreadable, match=r"devices\.json .*: move away what is in the place"):
            ask()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root to give files away")
def test_file_changed_by_root_keeps_its_owner(store: DeviceStore) -> None:
    store.file.parent.mkdir(mode=0o700)
    os.chown(store.file.parent, 4_711, 4_712)
    device, _ = store.add("n", DeviceKind.CLIENT, 0)
    store.revoke(device.id)
    made = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in store.file.parent.iterdir()}
    assert made == dict.fromkeys(("devices.json", ".devices.json.lock"), (4_711, 4_712))


def test_device_is_found_by_id_prefix_or_name() -> None:
    one, two, three = (
        Device(id, name, DeviceKind.CLIENT, "0" * 64)
        for id, name in (("abcd01", "laptop"), ("abcd02", "laptop"), ("ffff03", "abcd01"))
    )
    devices = (one, two, three)
    assert find(devices, "abcd01") is one
    assert find(devices, "ffff") is three
    for wanted in ("abcd", "laptop"):
        with pytest.raises(UnknownDevice, match="abcd01, abcd02"):
            find(devices, wanted)
    for wanted in ("", "fff", "nobody"):
        with pytest.raises(UnknownDevice, match="devices list"):
            find(devices, wanted)
