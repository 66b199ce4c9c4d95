"""Desktop files: names in a language, and which window belongs to which file."""

import os
from pathlib import Path

import pytest

from app.system.desktop_entries import (
    DesktopEntries,
    DesktopEntry,
    application_folders,
    find_entry,
    index_entries,
    parse_entry,
    program_icon,
    program_name,
)

EDITOR = """#!/usr/bin/env xdg-open
[Desktop Entry]
Type=Application
Name=Text Editor
Name[zh_CN]=文本编辑器
Name[de]=Texteditor
Exec=env GTK_DEBUG=all "/usr/bin/gedit" --new-window %U
Icon=org.gnome.gedit
[Desktop Action new]
Name=New Window
Exec=true
"""


def parsed(identifier: str, lines: str) -> DesktopEntry:
    entry = parse_entry(identifier, f"[Desktop Entry]\nType=Application\nName={identifier}\n{lines}")
    assert entry is not None
    return entry


def called(window_class: str, *entries: DesktopEntry) -> str:
    found = find_entry(index_entries(entries), window_class)
    return found.identifier if found else ""


def test_entry_has_names_icon_and_executable() -> None:
    entry = parse_entry("org.gnome.gedit", EDITOR)
    assert entry == DesktopEntry(
        "org.gnome.gedit",
        {"": "Text Editor", "zh_CN": "文本编辑器", "de": "Texteditor"},
        "org.gnome.gedit",
        executable="gedit",
    )


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh", "文本编辑器"),
        ("zh_CN", "文本编辑器"),
        ("de", "Texteditor"),
        ("de_AT", "Texteditor"),
        ("en", "Text Editor"),
    ],
)
def test_name_is_in_the_language_or_the_general_one(language: str, name: str) -> None:
    entry = parse_entry("gedit", EDITOR)
    assert entry is not None and entry.name(language) == name


@pytest.mark.parametrize(
    "text", ["", "Name=a", EDITOR.replace("Application", "Link"), f"{EDITOR[:60]}\nHidden=true"]
)
def test_file_that_starts_no_program_is_no_entry(text: str) -> None:
    assert parse_entry("a", text) is None


def test_name_that_cannot_be_shown_is_ignored() -> None:
    assert parsed("a", "Name[en]=a\x1b[31mb\nName[de]=" + "x" * 99).names == {"": "a"}


@pytest.mark.parametrize("command", ["flatpak run org.a.B", "/usr/bin/python3 -m b", "env A=b sh -c b", ""])
def test_launcher_is_no_executable(command: str) -> None:
    assert parsed("a", f"Exec={command}").executable == ""


@pytest.mark.parametrize(
    ("window_class", "identifier"),
    [
        ("Code", "code-url"),  # stated by the file, although another one has the name
        ("org.gnome.TextEditor", "org.gnome.TextEditor"),
        ("texteditor", "org.gnome.TextEditor"),
        ("Slack.exe", "slack"),
        ("Firefox-esr", "mozilla"),
        ("soffice", ""),
        ("libreoffice-writer", "libreoffice-writer"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_window_belongs_to_file_by_class_name_and_executable(window_class: str, identifier: str) -> None:
    entries = (
        parsed("code", "Exec=code-oss"),
        parsed("code-url", "StartupWMClass=code\nNoDisplay=true"),
        parsed("org.gnome.TextEditor", ""),
        parsed("slack", ""),
        parsed("mozilla", "Exec=/usr/bin/firefox-esr %u"),
        parsed("libreoffice-writer", "Exec=soffice --writer"),
        parsed("libreoffice-calc", "Exec=soffice --calc"),
    )
    assert called(window_class, *entries) == identifier


def test_program_in_menus_counts_more_than_a_hidden_one() -> None:
    assert called("a", parsed("x", "StartupWMClass=a\nNoDisplay=true"), parsed("y", "StartupWMClass=a")) == "y"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_own_files_replace_those_of_the_system_and_changes_are_noticed(tmp_path: Path) -> None:
    own, system, clock = tmp_path / "own", tmp_path / "system", Clock()
    (system / "kde").mkdir(parents=True)
    own.mkdir()
    (system / "gedit.desktop").write_text(EDITOR)
    (system / "kde" / "kate.desktop").write_text(EDITOR.replace("Text Editor", "Kate"))
    entries = DesktopEntries((own, system, tmp_path / "missing"), clock)
    assert entries.name("Gedit", "zh") == "文本编辑器" and entries.icon("gedit") == "org.gnome.gedit"
    assert entries.name("kde-kate", "en") == "Kate"
    assert entries.name("Other", "en") == "Other" and entries.icon("Other") == ""
    (own / "gedit.desktop").write_text("[Desktop Entry]\nType=Application\nName=Mine\n")
    assert entries.name("gedit", "en") == "Text Editor", "files are not looked at for every row"
    clock.now = 6.0
    assert entries.name("gedit", "en") == "Mine"
    clock.now = 12.0
    os.remove(own / "gedit.desktop")
    assert entries.name("gedit", "en") == "Text Editor"


def test_folders_follow_the_environment() -> None:
    environ = {"XDG_DATA_HOME": "/home/a/share", "XDG_DATA_DIRS": "/b:/c:/b"}
    assert application_folders("linux", environ) == tuple(
        Path(place, "applications") for place in ("/home/a/share", "/b", "/c")
    )
    assert Path("/usr/share/applications") in application_folders("linux", {})
    assert application_folders("darwin", environ) == application_folders("win32", environ) == ()


def test_relative_folders_of_the_environment_are_ignored() -> None:
    environ = {"HOME": "/home/a", "XDG_DATA_HOME": "share", "XDG_DATA_DIRS": "/b::c"}
    expected = (Path("/home/a/.local/share/applications"), Path("/b/applications"))
    assert application_folders("linux", environ) == expected


def test_unknown_program_keeps_its_class() -> None:
    assert program_name("no-such-program-here", "en") == "no-such-program-here"
    assert program_icon("no-such-program-here") == ""
