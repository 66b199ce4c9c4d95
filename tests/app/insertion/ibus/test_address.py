"""The bus of IBus is found by the address that its daemon publishes."""

from pathlib import Path

import pytest

from app.insertion.ibus.address import address_in, ibus_address

FILE = "# a comment with IBUS_ADDRESS=wrong\nIBUS_ADDRESS=unix:path=/run/{name},guid=1\nIBUS_DAEMON_PID=7\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of the files that daemons write."""
    folder = tmp_path / "ibus" / "bus"
    folder.mkdir(parents=True)
    for name in ("wayland-0", "1", "7"):
        (folder / f"abc-unix-{name}").write_text(FILE.format(name=name))
    (folder / "abc-far-2").write_text(FILE.format(name="far"))
    return tmp_path


@pytest.mark.parametrize(
    ("displays", "name"),
    [
        ({"DISPLAY": ":1"}, "1"),
        ({"DISPLAY": ":7.0"}, "7"),
        ({"DISPLAY": "far:2"}, "far"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "wayland-0"),
    ],
)
def test_address_is_that_of_the_display(folder: Path, displays: dict[str, str], name: str) -> None:
    environment = {"XDG_CONFIG_HOME": str(folder)} | displays
    assert ibus_address(environment) == f"unix:path=/run/{name},guid=1"


def test_chosen_address_comes_first(folder: Path) -> None:
    assert ibus_address({"XDG_CONFIG_HOME": str(folder), "DISPLAY": ":1", "IBUS_ADDRESS": "chosen"}) == "chosen"


def test_file_in_the_home_folder_is_found(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "ibus" / "bus"
    folder.mkdir(parents=True)
    (folder / "abc-unix-0").write_text(FILE.format(name="home"))
    assert ibus_address({"HOME": str(tmp_path), "DISPLAY": ":0"}) == "unix:path=/run/home,guid=1"


def test_session_without_ibus_has_no_address(folder: Path) -> None:
    assert ibus_address({"XDG_CONFIG_HOME": str(folder), "DISPLAY": ":3"}) == ""
    assert ibus_address({}) == ""
    assert address_in(["nonsense", ""]) == ""
