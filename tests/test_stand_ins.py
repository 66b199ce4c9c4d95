"""Distributed folders carry no library under the GPL: stand-ins take their place."""

import ctypes
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.packages import require

ROOT = Path(__file__).resolve().parent.parent
LISTING = """
                 U x264_encoder_open_165
                 U x264_levels
                 U x265_api_get_216
                 U jack_client_open
                 U avcodec_open2
                 w __cxa_finalize
"""


@pytest.fixture(scope="module")
def stand_ins() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "packaging" / "frozen" / "stand_ins.py"))


def test_imported_names_are_those_of_the_replaced_libraries(stand_ins: dict[str, Any]) -> None:
    wanted = {"x264_encoder_open_165", "x264_levels", "x265_api_get_216", "jack_client_open"}
    assert stand_ins["imported"](LISTING) == wanted


@pytest.mark.parametrize(
    ("name", "replaced", "removed"),
    [
        ("libx264-d6533a8d.so.165", True, False),
        ("libx265-f5385bb8.so.216", True, False),
        ("libjack.so.0", True, False),
        ("libdb-5.3.so", False, True),
        ("libreadline.so.8", False, True),
        ("readline.cpython-311-x86_64-linux-gnu.so", False, True),
        ("libavcodec-5e6b81c2.so.62.28.102", False, False),
        ("libdbus-1.so.3", False, False),
    ],
)
def test_libraries_under_the_gpl_are_recognised(
    stand_ins: dict[str, Any], name: str, replaced: bool, removed: bool
) -> None:
    assert bool(stand_ins["REPLACED"].fullmatch(name)) == replaced
    assert bool(stand_ins["REMOVED"].fullmatch(name)) == removed


def test_stand_in_loads_and_answers_zero_to_each_name(stand_ins: dict[str, Any], tmp_path: Path) -> None:
    require(("binutils",))
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("libx264-1.so.165", "libreadline.so.8", "libother.so"):
        (folder / name).write_bytes(b"the real one")
    user = folder / "libuser.so"
    stand_ins["build"](user, [])
    stand_ins["build"](folder / "libx264-1.so.165", ["x264_encoder_open_165", "x264_levels"])
    loaded = ctypes.CDLL(str(folder / "libx264-1.so.165"))
    assert loaded.x264_encoder_open_165() == 0
    assert bytes((ctypes.c_char * 64).in_dll(loaded, "x264_levels")) == bytes(64)


def test_replacing_leaves_other_libraries_alone(stand_ins: dict[str, Any], tmp_path: Path) -> None:
    require(("binutils",))
    for name in ("libx265-1.so.216", "libreadline.so.8", "libother.so"):
        (tmp_path / name).write_bytes(b"the real one")
    assert [path.name for path in stand_ins["replace_all"](tmp_path)] == ["libx265-1.so.216"]
    assert (tmp_path / "libother.so").read_bytes() == b"the real one"
    assert not (tmp_path / "libreadline.so.8").exists()
    assert (tmp_path / "libx265-1.so.216").read_bytes().startswith(b"\x7fELF")
