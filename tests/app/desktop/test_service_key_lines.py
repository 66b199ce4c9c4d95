"""Lines for the user's compositor: offered with a configuration, only shown without one."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.desktop.abilities import LinesState
from app.desktop.configuration import with_lines
from app.desktop.service import change, key_lines, lines_for, places_of, read_files
from app.hotkeys.compositor_lines import Compositor
from tests.app.desktop.desktops import DESKTOPS

KEYS = {"dictate": "f9", "cancel": "esc"}


@pytest.fixture
def main(tmp_path: Path) -> Path:
    main = tmp_path / ".config" / "sway" / "config"
    main.parent.mkdir(parents=True)
    main.write_text("")
    return main


def test_state_follows_the_configuration(main: Path, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}

    def state(keys: dict[str, str]) -> LinesState:
        found = key_lines(DESKTOPS["sway"], keys, "cancel", environment)
        assert found is not None and found.place == str(main)
        return found.state

    assert state(KEYS) is LinesState.TO_WRITE
    where = places_of(Compositor.SWAY, environment)
    assert where is not None
    change(
        where,
        read_files(where),
        with_lines(read_files(where), where, lines_for(Compositor.SWAY, KEYS, "cancel").lines),
    )
    assert state(KEYS) is LinesState.WRITTEN
    assert state({"dictate": "f8"}) is LinesState.OUTDATED
    main.write_bytes(b"\xff")
    assert state(KEYS) is LinesState.TO_COPY


def test_lines_that_the_user_has_copied_are_noticed(tmp_path: Path) -> None:
    environment, place = {"HOME": str(tmp_path)}, tmp_path / ".config/labwc/rc.xml"

    def state(keys: dict[str, str]) -> LinesState:
        found = key_lines(DESKTOPS["labwc"], keys, "cancel", environment)
        assert found is not None
        return found.state

    assert state(KEYS) is LinesState.TO_COPY
    place.parent.mkdir(parents=True)
    lines = lines_for(Compositor.LABWC, KEYS, "cancel").lines
    place.write_text("\n".join(["<labwc_config><keyboard>", *lines, "</keyboard></labwc_config>"]))
    assert state(KEYS) is LinesState.COPIED
    assert state({"dictate": "f8"}) is LinesState.TO_COPY
    place.write_bytes(b"\xff")
    assert state(KEYS) is LinesState.TO_COPY


def test_lines_run_the_program_of_this_installation() -> None:
    for line in lines_for(Compositor.SWAY, KEYS, "cancel").lines:
        assert "/kikipounamu key dictate " in line


@pytest.mark.parametrize("name", ["gnome 46", "weston"])
def test_other_desktops_without_hotkeys_get_commands(name: str, tmp_path: Path) -> None:
    found = key_lines(DESKTOPS[name], KEYS, "cancel", {"HOME": str(tmp_path)})
    assert found is not None and (found.compositor, found.state) == (None, LinesState.TO_COPY)
    assert [line.rpartition("/")[2] for line in found.lines] == [
        "kikipounamu key dictate tap",
        "kikipounamu key cancel tap",
    ]


@pytest.mark.parametrize("name", ["gnome 48", "kde", "x11", "no screen"])
def test_desktops_with_hotkeys_have_no_lines(name: str, tmp_path: Path) -> None:
    assert key_lines(DESKTOPS[name], KEYS, "cancel", {"HOME": str(tmp_path)}) is None


def test_new_file_is_in_the_folder_of_settings(tmp_path: Path) -> None:
    used = tmp_path / ".i3" / "config"
    used.parent.mkdir()
    used.write_text("")
    where = places_of(Compositor.SWAY, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "settings")})
    assert where is not None
    assert (where.main, where.base) == (tmp_path / "settings/sway/config", f"include {used}\n")
    change(where, read_files(where), with_lines(read_files(where), where, ("line",)))
    assert where.own.read_text().endswith("line\n") and where.main.read_text().endswith(f"{where.include}\n")
    assert sorted(one.name for one in where.main.parent.iterdir()) == ["config", "kikipounamu.conf"]


def test_lines_go_into_the_file_that_the_compositor_has_read(main: Path, tmp_path: Path) -> None:
    """The user may have started sway with another configuration than usual (``sway -c``)."""
    environment, own = {"HOME": str(tmp_path)}, tmp_path / "own.conf"
    own.write_text("")
    used = tmp_path / ".i3" / "config"
    used.parent.mkdir()
    used.write_text("")
    for loaded, expected in ((own, own), (main, main), (used, main), (tmp_path / "gone", main)):
        where = places_of(Compositor.SWAY, environment, str(loaded))
        assert where is not None and (where.main, where.base) == (expected, "")
    found = key_lines(replace(DESKTOPS["sway"], configuration=str(own)), KEYS, "cancel", environment)
    assert found is not None and (found.place, found.is_new) == (str(own), False)


@pytest.mark.parametrize("compositor", [Compositor.LABWC, Compositor.HYPRLAND, Compositor.RIVER])
def test_files_are_unknown_without_a_configuration(compositor: Compositor, tmp_path: Path) -> None:
    assert places_of(compositor, {"HOME": str(tmp_path)}) is None
