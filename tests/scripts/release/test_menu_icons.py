"""Test the icons of packages."""

import struct
from pathlib import Path

import pytest

from scripts.release.menu_icons import SIZES, draw_icon, draw_icons
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED

ROOT = Path(__file__).resolve().parents[3]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module", autouse=True)
def qt() -> None:
    require(NEEDED)


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("share")
    draw_icons(ROOT, place)
    return place / "icons" / "hicolor"


@pytest.mark.parametrize("size", SIZES)
def test_icon_has_the_size_of_its_folder(share: Path, size: int) -> None:
    content = (share / f"{size}x{size}" / "apps" / "org.kikipounamu.app.png").read_bytes()
    assert content.startswith(_SIGNATURE) and struct.unpack(">II", content[16:24]) == (size, size)
    assert len(content) > 200, "something is drawn"


def test_drawing_itself_is_there_for_any_size(share: Path) -> None:
    assert (share / "scalable" / "apps" / "org.kikipounamu.app.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("name", "signature"), [("app.ico", b"\0\0\1\0"), ("app.icns", b"icns")])
def test_icon_for_other_systems_is_one_file(name: str, signature: bytes, tmp_path: Path) -> None:
    draw_icon(ROOT, tmp_path / "dist" / name)
    content = (tmp_path / "dist" / name).read_bytes()
    assert content.startswith(signature) and len(content) > 10_000
