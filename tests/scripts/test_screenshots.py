"""Test that the sheets are complete, in both languages, without missing glyphs."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from PySide6.QtGui import QFontInfo, QImage, QTextLayout
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES, Entry, entries
from app.ui.strings.texts import Texts
from app.ui.theme.theme import HAN, font
from scripts import scenes_home, screenshots, screenshots_dashboard
from scripts.screenshots import SHEETS
from tests.helpers.packages import require

ALL_AT_MOST = 13_500_000


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """Restore the application after each test."""
    require(("fonts-noto-cjk",))
    yield
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


def glyphs(text: str) -> dict[str, list[int]]:
    """Return the glyphs by font; glyph 0 is the empty box."""
    layout = QTextLayout(text, font())
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    found: dict[str, list[int]] = {}
    for run in layout.glyphRuns():
        found.setdefault(run.rawFont().familyName(), []).extend(run.glyphIndexes())
    return found


def forms_of(entry: Entry) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def said(language: str) -> str:
    """Return all texts that a sheet of this language may contain."""
    forms = [form for entry in entries(language).values() for form in forms_of(entry)]
    spoken = [span.text for span in scenes_home.spans(language)]
    return "".join([*forms, *spoken, *(row.text for row in scenes_home.rows(language))])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_glyph_is_missing(qapp: QApplication, language: str) -> None:
    letters = sorted(set(said(language)))
    missing = [letter for letter in letters if any(0 in found for found in glyphs(letter).values())]
    assert missing == []


def test_missing_glyph_is_detected(qapp: QApplication) -> None:
    assert any(0 in found for found in glyphs("\U0010fffd").values())


def test_han_characters_use_simplified_chinese_font(qapp: QApplication) -> None:
    assert set(glyphs("骨直复门")) == {HAN[0]}
    assert QFontInfo(font()).family() != HAN[0]  # Latin has another font


def test_committed_pictures_are_complete_and_small() -> None:
    pictures = {path.stem: path for path in screenshots.FOLDER.glob("*.png")}
    drawn = {f"{name}{size}" for name in SHEETS for size in ("", "-large")}
    assert set(pictures) == drawn | set(screenshots_dashboard.NAMES)
    assert sum(path.stat().st_size for path in pictures.values()) < ALL_AT_MOST
    assert all(QImage(str(path)).width() > 1000 for path in pictures.values())


def test_gallery_shows_every_picture() -> None:
    gallery = (screenshots.FOLDER.parent / "gallery.md").read_text()
    shown = set(re.findall(r"\(screenshots/([\w-]+)\.png\)", gallery))
    assert shown == {path.stem for path in screenshots.FOLDER.glob("*.png")}


def test_icons_and_texts_are_shipped_with_the_package() -> None:
    assert files("app.ui.theme").joinpath("icons", "app.svg").is_file()
    assert Texts("zh")("app.name")
