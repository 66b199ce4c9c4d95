"""A user learns which library or screen is missing, in words and with a command."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import AppError
from app.core.sentences import LANGUAGES, Sentences, text_of_note
from app.system.no_windows import (
    INSTALL,
    PACKAGES,
    LibraryMissing,
    ScreenUnreachable,
    library_in,
    missing_library,
    refusal_of,
    tell,
)

ROOT = Path(__file__).parents[3]
BOTH = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
GONE = "libxcb-cursor.so.0: cannot open shared object file: No such file or directory"


def lacking(*plugins: str) -> Callable[[str], object]:
    """Return a loader for a system where these plugins of Qt lack a library."""

    def load(path: str) -> object:
        if Path(path).name in plugins:
            raise OSError(GONE)
        return None

    return load


def test_packages_are_those_of_the_set_up_and_of_the_guides() -> None:
    section = (ROOT / "packaging/apt-packages.txt").read_text().partition("[desktop]\n")[2].partition("\n[")[0]
    assert set(re.findall(r"^(lib\S+) ", section, re.MULTILINE)) == set(PACKAGES)
    for guide in ("docs/download.md", "docs/download.zh.md"):
        assert INSTALL in " ".join((ROOT / guide).read_text().split())


def test_library_is_named_if_no_screen_can_be_used() -> None:
    assert missing_library({"DISPLAY": ":0"}, lacking("libqxcb.so")) == "libxcb-cursor.so.0"
    assert missing_library({"QT_QPA_PLATFORM": "xcb:nograb"}, lacking("libqxcb.so")) == "libxcb-cursor.so.0"
    assert missing_library(BOTH, lacking("libqxcb.so", "libqwayland.so")) == "libxcb-cursor.so.0"
    assert missing_library(BOTH, lacking("libqxcb.so")) == ""
    assert missing_library({"DISPLAY": ":0"}, lacking("libqwayland.so")) == ""
    assert missing_library({}, lacking("libqxcb.so")) == ""


def test_refusal_names_screens_if_all_libraries_are_there() -> None:
    assert str(refusal_of({"DISPLAY": ":0"}, lacking("libqxcb.so"))) == str(LibraryMissing("libxcb-cursor.so.0"))
    assert str(refusal_of(BOTH, lacking())) == str(ScreenUnreachable("wayland-0, :0"))
    assert str(refusal_of({"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":7"}, lacking())) == str(ScreenUnreachable(":7"))


def test_library_is_read_from_the_words_of_the_linker() -> None:
    assert library_in(ImportError("libEGL.so.1: cannot open shared object file: No such file")) == "libEGL.so.1"
    assert library_in(OSError(GONE)) == "libxcb-cursor.so.0"
    of_folder = OSError("Failed to load dynlib/dll")  # PyInstaller's own words; the linker's are the cause
    of_folder.__cause__ = OSError(GONE)
    assert library_in(of_folder) == "libxcb-cursor.so.0"


def test_other_errors_name_no_library() -> None:
    assert library_in(ImportError("cannot import name 'run' from 'app.main'")) == ""
    assert library_in(OSError("libssl.so.3: version `OPENSSL_3.3.0' not found")) == ""


@pytest.mark.parametrize("error", [LibraryMissing("libEGL.so.1"), ScreenUnreachable(":9")])
def test_refusal_is_shown_in_each_language(
    error: AppError, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    tell(error)
    assert capsys.readouterr().err == f"{error}\n"
    assert error.note is not None
    for language in LANGUAGES:
        assert all(value in text_of_note(Sentences(language), error.note) for value in error.note.values.values())
