"""Entry of the app among the desktop's programs."""

import configparser
import shlex
import shutil
from pathlib import Path

import pytest

from app.core.child_process import find_program
from app.system.autostart import (
    NoMenuEntry,
    RunKey,
    desktop_entry,
    entry_of,
    install_menu_entry,
    keep_launcher,
    launcher,
    launcher_entry,
    remove_menu_entry,
    shipped_entry,
)

PROGRAM = "/opt/my apps/kikipounamu"


def parsed(content: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, delimiters="=")
    found.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    found.read_string(content)
    return found


def test_entry_has_icon_and_actions_in_two_languages() -> None:
    entry = parsed(launcher_entry(PROGRAM, "/icons/app.svg"))
    main = entry["Desktop Entry"]
    assert shlex.split(main["Exec"]) == [PROGRAM, "app"] and main["Icon"] == "/icons/app.svg"
    assert main["TryExec"] == PROGRAM, "menus hide the entry once the program is removed"
    actions = [name for name in main["Actions"].split(";") if name]
    assert actions == ["toggle", "paste-held", "quit"]
    for name in actions:
        action = entry[f"Desktop Action {name}"]
        assert shlex.split(action["Exec"]) == [PROGRAM, name]
        assert action["Name"] and action["Name[zh_CN]"] != action["Name"]


def test_entry_is_written_once_and_hidden_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"HOME": str(tmp_path)}
    keep_launcher("linux", environment)
    place = tmp_path / ".local" / "share" / "applications" / "org.kikipounamu.app.desktop"
    written = place.read_text()
    (icon,) = [line.partition("=")[2] for line in written.splitlines() if line.startswith("Icon=")]
    assert Path(icon).is_file()
    place.write_text(f"{written}Comment=mine\n")
    keep_launcher("linux", environment)
    assert place.read_text().endswith("Comment=mine\n"), "it starts the app"
    place.write_text("[Desktop Entry]\nHidden=true\n")
    keep_launcher("linux", environment)
    assert "Hidden" in place.read_text()


def test_entry_of_program_that_is_gone_is_renewed(tmp_path: Path) -> None:
    entry = launcher({"XDG_DATA_HOME": str(tmp_path), "HOME": "/"}, shutil.which("true") or "")
    assert entry.place == tmp_path / "applications" / "org.kikipounamu.app.desktop"
    entry.place.parent.mkdir()
    entry.place.write_text("[Desktop Entry]\nExec=/gone/kikipounamu app\n")
    entry.mend()
    assert entry.place.read_text() == entry.content


@pytest.mark.parametrize("linked", [True, False])
def test_user_gets_no_entry_when_package_of_system_has_one(tmp_path: Path, linked: bool) -> None:
    program = find_program("kikipounamu")
    named = tmp_path / "kikipounamu"
    named.symlink_to(program if linked else shutil.which("true") or "")
    shared = tmp_path / "share" / "applications"
    shared.mkdir(parents=True)
    shown = shipped_entry().replace("Exec=kikipounamu", f"Exec={named}")
    (shared / "org.kikipounamu.app.desktop").write_text(shown)
    own = tmp_path / "own"
    keep_launcher(
        "linux",
        {"HOME": str(tmp_path), "XDG_DATA_HOME": str(own), "XDG_DATA_DIRS": f"/nowhere:{shared.parent}"},
    )
    assert own.exists() is not linked, "that of another installation starts another program"


@pytest.mark.parametrize(("platform", "own"), [("darwin", ""), ("win32", ""), ("linux", "/portable")])
def test_no_entry_is_written_elsewhere_or_for_a_separate_home(tmp_path: Path, platform: str, own: str) -> None:
    keep_launcher(platform, {"HOME": str(tmp_path), "KIKIPOUNAMU_HOME": own})
    assert list(tmp_path.iterdir()) == []


def test_install_replaces_a_hidden_entry_and_remove_leaves_no_file(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "XDG_DATA_DIRS": "/nowhere"}
    place = tmp_path / ".local" / "share" / "applications" / "org.kikipounamu.app.desktop"
    place.parent.mkdir(parents=True)
    place.write_text("[Desktop Entry]\nHidden=true\n")
    assert install_menu_entry("linux", environment) == place
    assert parsed(place.read_text())["Desktop Entry"]["Name"] == "kikipounamu"
    started = tmp_path / ".config" / "autostart" / "kikipounamu.desktop"
    started.parent.mkdir(parents=True)
    started.write_text(desktop_entry("/anywhere/kikipounamu", {}))
    assert remove_menu_entry("linux", environment) == [place, place.with_suffix(".desktop.bak"), started]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert remove_menu_entry("linux", environment) == []


def test_install_leaves_the_menu_to_the_package_of_the_system(tmp_path: Path) -> None:
    shared = tmp_path / "share" / "applications"
    shared.mkdir(parents=True)
    shown = shipped_entry().replace("Exec=kikipounamu", f"Exec={find_program('kikipounamu')}")
    (shared / "org.kikipounamu.app.desktop").write_text(shown)
    own = tmp_path / "own"
    environment = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(own), "XDG_DATA_DIRS": str(shared.parent)}
    assert install_menu_entry("linux", environment) is None
    assert not own.exists()
    hides = own / "applications" / "org.kikipounamu.app.desktop"
    hides.parent.mkdir(parents=True)
    for content, stays in (
        ("Hidden=true\n", True),
        (f"Exec={find_program('kikipounamu')} app\nComment=mine\n", True),
        ("Exec=/gone/kikipounamu app\n", False),
    ):
        hides.write_text(f"[Desktop Entry]\n{content}")
        keep_launcher("linux", environment)
        assert hides.exists() is stays, "an entry of a missing program is not the user's choice"
    hides.write_text("[Desktop Entry]\nHidden=true\n")
    assert install_menu_entry("linux", environment) is None
    assert not hides.exists(), "the entry of the package is shown again"


@pytest.mark.parametrize(("platform", "own"), [("darwin", ""), ("win32", ""), ("linux", "/portable")])
def test_install_refuses_elsewhere_and_for_a_separate_home(tmp_path: Path, platform: str, own: str) -> None:
    with pytest.raises(NoMenuEntry):
        install_menu_entry(platform, {"HOME": str(tmp_path), "KIKIPOUNAMU_HOME": own})
    assert list(tmp_path.iterdir()) == []


def test_remove_refuses_for_a_separate_home(tmp_path: Path) -> None:
    for platform in ("linux", "darwin", "win32"):
        with pytest.raises(NoMenuEntry):
            remove_menu_entry(platform, {"HOME": str(tmp_path), "KIKIPOUNAMU_HOME": "/portable"})


def test_remove_ends_the_start_with_the_session_on_macos(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    entry_of("darwin", environment, PROGRAM).add()
    (started,) = remove_menu_entry("darwin", environment)
    assert started.parent == tmp_path / "Library" / "LaunchAgents" and not started.exists()


def test_remove_ends_the_start_with_the_session_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[str] = []
    monkeypatch.setattr(RunKey, "remove", lambda entry: removed.append(entry.command))
    assert remove_menu_entry("win32", {}) == [] and len(removed) == 1
