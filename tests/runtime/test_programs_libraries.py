import ctypes.util
import sys
from pathlib import Path

import pytest

from runtime.programs import BundleFinder, prefer_bundled_libraries


def test_finder_prefers_the_library_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "libportaudio.so.2").touch()
    find = BundleFinder(tmp_path, lambda name: f"system's {name}")
    assert find("portaudio") == str(tmp_path / "libportaudio.so.2") and find("X11") == "system's X11"


def test_library_search_is_unchanged_outside_of_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ctypes.util.find_library
    prefer_bundled_libraries()
    assert ctypes.util.find_library is before


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: elsewhere packages bring their libraries")
def test_folder_comes_first_when_bundled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", ctypes.util.find_library)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    prefer_bundled_libraries()
    once = ctypes.util.find_library
    prefer_bundled_libraries()
    assert isinstance(once, BundleFinder) and ctypes.util.find_library is once
