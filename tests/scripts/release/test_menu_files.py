import shutil
from pathlib import Path
from typing import Final

import pytest

from scripts.release import menu_files
from scripts.release.errors import Refusal, ReleaseRefused
from tests.helpers.packages import require, require_version

MENU: Final = Path(__file__).resolve().parents[3] / "app" / "system" / "menu"
ENTRY: Final = "org.kikipounamu.app.desktop"
METADATA: Final = "org.kikipounamu.app.metainfo.xml"


@pytest.fixture(autouse=True)
def validators() -> None:
    require(("appstream",))
    require_version("desktop-file-utils", "0.27")  # the first that knows version 1.5 of desktop files


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MENU, tmp_path / "menu"))


def changed(menu: Path, file: str, old: str, new: str) -> str:
    """Change a file of the menu, and return why it is refused."""
    text = (menu / file).read_text(encoding="utf-8")
    assert old in text
    (menu / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReleaseRefused) as caught:
        menu_files.check_menu(menu)
    assert caught.value.kind is Refusal.CHECK_FAILED
    return str(caught.value)


def test_menu_files_pass() -> None:
    menu_files.check_menu(MENU)


def test_home_page_is_the_only_missing_thing(menu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu_files, "OVERRIDES", {"url-homepage-missing": "error"})
    refusal = changed(menu, METADATA, "<releases>", "<releases>")
    assert "url-homepage-missing" in refusal and "errors: 1" in refusal and "warnings" not in refusal


@pytest.mark.parametrize(
    ("old", "new", "tag"),
    [
        ("<metadata_license>MIT</metadata_license>", "", "metadata-license-missing"),  # an error
        ('<content_rating type="oars-1.1" />', "", "content-rating-missing"),  # a hint only
        ('date="2026-11-29" ', "", "release-time-missing"),
    ],
)
def test_metadata_with_any_other_finding_is_refused(menu: Path, old: str, new: str, tag: str) -> None:
    assert tag in changed(menu, METADATA, old, new)


def test_desktop_file_with_a_finding_is_refused(menu: Path) -> None:
    assert "Type" in changed(menu, ENTRY, "Type=Application\n", "")
