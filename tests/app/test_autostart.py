"""Starting with the session: the file that is written, what it starts, and what a person wrote into it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.autostart import (
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
    """A place with everything that has a meaning in an ``Exec`` line."""
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


def test_where_each_system_looks(tmp_path: Path, program: Path, entry: FileEntry) -> None:
    assert entry.place == tmp_path / "config/autostart/kikipounamu.desktop"
    home = tmp_path / "home"
    assert made("linux", tmp_path, program).place == home / ".config/autostart/kikipounamu.desktop"
    relative = made("linux", tmp_path, program, XDG_CONFIG_HOME="config")
    assert relative.place == home / ".config/autostart/kikipounamu.desktop"
    assert made("darwin", tmp_path, program).place == home / "Library/LaunchAgents/org.kikipounamu.app.plist"


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_it_starts_this_program_hidden_and_in_the_same_home(platform: str, tmp_path: Path, program: Path) -> None:
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


def test_a_desktop_starts_it(entry: FileEntry, program: Path) -> None:
    require(("libglib2.0-bin",))
    entry.add()
    done = subprocess.run(["gio", "launch", str(entry.place)], capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == f"{program} app --hidden"


def test_what_a_person_added_stays(entry: FileEntry) -> None:
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
def test_who_switched_it_off_elsewhere_means_it_until_it_is_switched_on_here(entry: FileEntry, line: str) -> None:
    entry.add()
    off = entry.content.replace("X-GNOME-Autostart-enabled=true", line)
    entry.place.write_text(off)
    entry.mend()
    assert entry.place.read_text() == off
    entry.add()
    assert entry.place.read_text() == entry.content
    assert entry.place.with_name("kikipounamu.desktop.bak").read_text() == off


@pytest.mark.parametrize("content", ["", "Exec=/gone/kikipounamu app --hidden\n", 'Exec="unbalanced\n'])
def test_a_program_that_moved_is_found_again(entry: FileEntry, content: str) -> None:
    entry.place.parent.mkdir(parents=True)
    entry.place.write_text(content)
    entry.mend()
    assert entry.place.read_text() == entry.content


@pytest.mark.parametrize("content", ["", "no list", "<plist><array/></plist>"])
def test_an_agent_that_cannot_be_read_starts_nothing(content: str) -> None:
    assert not agent_command(content)


def test_one_that_is_disabled_is_switched_off(tmp_path: Path, program: Path) -> None:
    content = made("darwin", tmp_path, program).content
    assert agent_command(content.replace("<dict>", "<dict><key>Disabled</key><true/>", 1)) is None


def test_a_place_that_cannot_be_written_is_told(entry: FileEntry) -> None:
    entry.place.parent.parent.mkdir(parents=True)
    entry.place.parent.touch()
    with pytest.raises(AutostartRefused, match="allow this app to write"):
        entry.add()


def test_what_the_settings_say_is_kept(entry: FileEntry) -> None:
    keep_autostart(True, changed=True, entry=entry)
    assert entry.place.exists()
    entry.place.unlink()
    keep_autostart(True, changed=False, entry=entry)
    assert entry.place.exists()
    keep_autostart(False, changed=False, entry=entry)
    assert entry.place.exists(), "somebody has made it without the app"
    keep_autostart(False, changed=True, entry=entry)
    assert not entry.place.exists()


class FakeRegistry:
    """``winreg``, as far as it is used."""

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


def test_the_registry_of_windows() -> None:
    registry = FakeRegistry()
    entry = RunKey(r"C:\Program Files\kikipounamu.exe", registry)
    entry.mend()
    assert registry.values == {"kikipounamu": r'"C:\Program Files\kikipounamu.exe" app --hidden'}
    entry.remove()
    entry.remove()
    assert registry.values == {}


@pytest.mark.skipif(os.name == "nt", reason="needs Linux or macOS")
def test_elsewhere_there_is_no_registry() -> None:
    with pytest.raises(AutostartRefused, match="not Windows"):
        RunKey("kikipounamu").add()
    assert isinstance(entry_of("win32", {}, "kikipounamu"), RunKey)
