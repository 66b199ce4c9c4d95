"""Tests of the startup entry: its file, the command that it starts, and user edits in it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.system.autostart import (
    ARGUMENTS,
    HOME,
    AutostartRefused,
    FileEntry,
    RunKey,
    agent_command,
    desktop_command,
    entry_of,
    keep_autostart,
)
from tests.helpers.packages import require


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Create a program in a path with every character that is special in an ``Exec`` line."""
    place = tmp_path / "50 % of $HOME `or` \\so" / "kikipounamu"
    place.parent.mkdir()
    place.write_text('#!/bin/sh\necho "$0 $@ $KIKIPOUNAMU_HOME"\n')
    place.chmod(0o755)
    return place


def made(platform: str, tmp_path: Path, program: Path, **environment: str) -> FileEntry:
    entry = entry_of(platform, {"HOME": str(tmp_path / "home"), **environment}, str(program))
    assert isinstance(entry, FileEntry)
    return entry


@pytest.fixture
def entry(tmp_path: Path, program: Path) -> FileEntry:
    return made("linux", tmp_path, program, XDG_CONFIG_HOME=str(tmp_path / "config"))


def test_entry_is_placed_where_each_system_looks(tmp_path: Path, program: Path, entry: FileEntry) -> None:
    assert entry.place == tmp_path / "config/autostart/kikipounamu.desktop"
    home = tmp_path / "home"
    assert made("linux", tmp_path, program).place == home / ".config/autostart/kikipounamu.desktop"
    relative = made("linux", tmp_path, program, XDG_CONFIG_HOME="config")
    assert relative.place == home / ".config/autostart/kikipounamu.desktop"
    assert made("darwin", tmp_path, program).place == home / "Library/LaunchAgents/org.kikipounamu.app.plist"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_entry_starts_program_hidden_with_same_home(platform: str, tmp_path: Path, program: Path) -> None:
    plain, moved = made(platform, tmp_path, program), made(platform, tmp_path, program, **{HOME: "/else/where"})
    read = desktop_command if platform == "linux" else agent_command
    assert [*(read(plain.content) or ())][-3:] == [str(program), *ARGUMENTS]
    assert "/else/where" in moved.content
    command = read(moved.content)
    assert command and command[-3:] == [str(program), *ARGUMENTS]
    plain.add()
    assert plain.place.read_text() == plain.content
    plain.remove()
    plain.remove()
    assert list(plain.place.parent.iterdir()) == []


def test_desktop_launches_program_from_entry(entry: FileEntry, program: Path) -> None:
    require(("libglib2.0-bin",))
    entry.add()
    done = subprocess.run(["gio", "launch", str(entry.place)], capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == f"{program} app --hidden"


def test_desktop_ignores_entry_of_a_removed_program(entry: FileEntry, program: Path) -> None:
    require(("libglib2.0-bin",))
    entry.add()
    program.unlink()
    done = subprocess.run(["gio", "launch", str(entry.place)], capture_output=True, text=True, timeout=20)
    assert done.returncode and "Unable to load application information" in done.stderr


def test_entry_with_user_edits_is_kept_and_backed_up(entry: FileEntry) -> None:
    edited = entry.content.replace("Exec=", "Exec=env LANG=zh_CN.UTF-8 ") + "Icon=kikipounamu\n"
    entry.add()
    entry.place.write_text(edited)
    entry.add()
    entry.mend()
    assert entry.place.read_text() == edited
    entry.remove()
    assert not entry.place.exists()
    assert entry.place.with_name("kikipounamu.desktop.bak").read_text() == edited


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_switched_off_entry_stays_off_until_added_again(entry: FileEntry, line: str) -> None:
    entry.add()
    off = entry.content.replace("X-GNOME-Autostart-enabled=true", line)
    entry.place.write_text(off)
    entry.mend()
    assert entry.place.read_text() == off
    entry.add()
    assert entry.place.read_text() == entry.content
    assert entry.place.with_name("kikipounamu.desktop.bak").read_text() == off


@pytest.mark.parametrize("content", ["", "Exec=/gone/kikipounamu app --hidden\n", 'Exec="unbalanced\n'])
def test_repair_updates_entry_when_program_moved(entry: FileEntry, content: str) -> None:
    entry.place.parent.mkdir(parents=True)
    entry.place.write_text(content)
    entry.mend()
    assert entry.place.read_text() == entry.content


@pytest.mark.parametrize("content", ["", "no list", "<plist><array/></plist>"])
def test_unreadable_agent_has_no_command(content: str) -> None:
    assert not agent_command(content)


def test_disabled_agent_counts_as_switched_off(tmp_path: Path, program: Path) -> None:
    content = made("darwin", tmp_path, program).content
    assert agent_command(content.replace("<dict>", "<dict><key>Disabled</key><true/>", 1)) is None


def test_add_raises_when_entry_cannot_be_written(entry: FileEntry) -> None:
    entry.place.parent.parent.mkdir(parents=True)
    entry.place.parent.touch()
    with pytest.raises(AutostartRefused, match="allow this app to write"):
        entry.add()


def test_keep_autostart_applies_setting_but_spares_user_entry(entry: FileEntry) -> None:
    keep_autostart(True, changed=True, entry=entry)
    assert entry.place.exists()
    entry.place.unlink()
    keep_autostart(True, changed=False, entry=entry)
    assert entry.place.exists()
    keep_autostart(False, changed=False, entry=entry)
    assert entry.place.exists(), "the entry was not made by the app"
    keep_autostart(False, changed=True, entry=entry)
    assert not entry.place.exists()


class FakeRegistry:
    """Fake of the parts of ``winreg`` that are used."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = 1, 2, 3

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    @contextmanager
    def CreateKey(self, root: int, key: str) -> Iterator[dict[str, str]]:
        assert (root, key.rpartition("\\")[2]) == (self.HKEY_CURRENT_USER, "Run")
        yield self.values

    @contextmanager
    def OpenKey(self, root: int, key: str, reserved: int, access: int) -> Iterator[dict[str, str]]:
        with self.CreateKey(root, key) as values:
            yield values

    def SetValueEx(self, key: dict[str, str], name: str, reserved: int, kind: int, value: str) -> None:
        assert kind == self.REG_SZ
        key[name] = value

    def DeleteValue(self, key: dict[str, str], name: str) -> None:
        if key.pop(name, None) is None:
            raise FileNotFoundError(name)


def test_run_key_writes_and_removes_registry_value() -> None:
    registry = FakeRegistry()
    entry = RunKey(r"C:\Program Files\kikipounamu.exe", registry)
    entry.mend()
    assert registry.values == {"kikipounamu": r'"C:\Program Files\kikipounamu.exe" app --hidden'}
    entry.remove()
    entry.remove()
    assert registry.values == {}


@pytest.mark.skipif(os.name == "nt", reason="needs Linux or macOS")
def test_run_key_is_refused_outside_windows() -> None:
    with pytest.raises(AutostartRefused, match="not Windows"):
        RunKey("kikipounamu").add()
    assert isinstance(entry_of("win32", {}, "kikipounamu"), RunKey)
