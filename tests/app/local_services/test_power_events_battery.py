"""Tests of battery detection from Linux system files."""

from pathlib import Path

import pytest

from app.local_services.power_events import on_battery

PLUG = {"type": "Mains", "online": "1"}
UNPLUGGED = {"type": "Mains", "online": "0"}
CHARGING = {"type": "Battery", "status": "Charging"}
EMPTYING = {"type": "Battery", "status": "Discharging"}
FULL = {"type": "Battery", "status": "Full", "scope": "System"}
MOUSE = {"type": "Battery", "status": "Discharging", "scope": "Device"}
PORT = {"type": "USB", "online": "0"}


@pytest.mark.parametrize(
    ("supplies", "tells"),
    [
        ([], None),
        ([MOUSE], None),
        ([PLUG], False),
        ([PLUG, CHARGING], False),
        ([PLUG, EMPTYING], False),
        ([UNPLUGGED, EMPTYING], True),
        ([UNPLUGGED, FULL], True),
        ([EMPTYING], True),
        ([CHARGING], False),
        ([PLUG, PORT, FULL, MOUSE], False),
        ([UNPLUGGED, {"type": "USB", "online": "1"}, CHARGING], False),
        ([UNPLUGGED], False),
        ([UNPLUGGED, CHARGING], False),
        ([{}], None),
    ],
)
def test_on_battery_follows_plugs_and_batteries(
    tmp_path: Path, supplies: list[dict[str, str]], tells: bool | None
) -> None:
    for number, supply in enumerate(supplies):
        folder = tmp_path / f"supply{number}"
        folder.mkdir()
        for name, value in supply.items():
            (folder / name).write_text(f"{value}\n")
    assert on_battery(tmp_path, "linux") is tells


def test_on_battery_is_unknown_without_readable_files(tmp_path: Path) -> None:
    assert on_battery(tmp_path / "nowhere", "linux") is None
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "type").write_bytes(b"\xff\xfe")
    assert on_battery(tmp_path, "linux") is None


def test_on_battery_works_on_other_systems() -> None:
    assert on_battery(platform="darwin") in (None, True, False)
