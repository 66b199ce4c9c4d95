"""Test that the user guide shows all its pictures, alike in both languages."""

import re

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from scripts import screenshots_guide
from scripts.drawing import Look
from tests.helpers.packages import require

ALL_AT_MOST = 2_500_000
DOCS = screenshots_guide.FOLDER.parent
ENGLISH = [DOCS / "guide.md", *sorted(path for path in (DOCS / "guide").glob("*.md") if "." not in path.stem)]
GUIDES = {"en": ENGLISH, "zh": [path.with_suffix(".zh.md") for path in ENGLISH]}


def shown(language: str) -> list[str]:
    text = "".join(path.read_text() for path in GUIDES[language])
    return re.findall(r"!\[[^\]]+\]\((?:guide/)?([^)/]+)\.png\)", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_shows_each_picture_once_in_its_language(language: str) -> None:
    assert sorted(shown(language)) == sorted(f"{name}.{language}" for name in screenshots_guide.PICTURES)


@pytest.mark.parametrize("page", range(len(ENGLISH)), ids=[path.stem for path in ENGLISH])
def test_both_guides_have_equal_structure(page: int) -> None:
    texts = [pages[page].read_text() for pages in GUIDES.values()]
    parts = [re.findall(r"^#+ |^\d\. |^- |^\| |^!\[", text, re.MULTILINE) for text in texts]
    assert parts[0] == parts[1]


def test_committed_pictures_are_complete_and_small() -> None:
    made = {path.stem: path for path in screenshots_guide.FOLDER.glob("*.png")}
    assert set(made) == {f"{name}.{language}" for name in screenshots_guide.PICTURES for language in LANGUAGES}
    assert sum(path.stat().st_size for path in made.values()) < ALL_AT_MOST
    assert all(QImage(str(path)).width() > 200 for path in made.values())


@pytest.mark.parametrize("name", ["history-again", "settings-words", "report"])
def test_guide_picture_is_drawn(qapp: QApplication, name: str) -> None:
    require(("fonts-noto-cjk",))
    image = screenshots_guide.PICTURES[name](Look("zh", Scheme.LIGHT))
    places = [(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)]
    assert len({image.pixelColor(x, y).name() for x, y in places}) > 10
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
