"""Test that the user guide shows all its pictures, alike in both languages."""

import os
import re
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from scripts import screenshots_guide
from scripts.drawing import Look
from tests.helpers.packages import require

ALL_AT_MOST = 2_500_000
DOCS = screenshots_guide.FOLDER.parent
GUIDES = {"en": DOCS / "guide.md", "zh": DOCS / "guide.zh.md"}


def shown(language: str) -> list[str]:
    return re.findall(r"!\[[^\]]+\]\(guide/([^)]+)\.png\)", GUIDES[language].read_text())


@pytest.mark.parametrize("language", LANGUAGES)
def test_guide_shows_each_picture_once_in_its_language(language: str) -> None:
    assert sorted(shown(language)) == sorted(f"{name}.{language}" for name in screenshots_guide.PICTURES)


def test_both_guides_have_equal_structure() -> None:
    parts = [re.findall(r"^#+ |^\d\. |^- |^\| |^!\[", path.read_text(), re.MULTILINE) for path in GUIDES.values()]
    assert parts[0] == parts[1]


@pytest.mark.parametrize("path", GUIDES.values(), ids=str)
def test_links_of_guide_resolve(path: Path) -> None:
    text = path.read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for place in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = place.partition("#")
        assert (path.parent / file).exists() if file else anchor in anchors, place


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
