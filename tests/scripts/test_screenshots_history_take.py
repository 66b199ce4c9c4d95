"""Test the pictures of a take in each of its states."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from scripts import screenshots_history_take as shown
from scripts.screenshots import LOOKS
from scripts.screenshots_history import rows


@pytest.mark.parametrize("language", ["en", "zh"])
def test_comparison_uses_text_of_the_take(language: str) -> None:
    row = rows(language)[0]
    made = shown.details(row, language, runs=2)
    assert made.compared is not None and made.compared.words > 0 and len(made.runs) == 2
    assert made.text == row.text and made.of_ms > made.spoken[-1].end_ms
    assert shown.details(row, language, runs=0).compared is None


def test_take_panel_is_drawn(qapp: QApplication) -> None:
    image = shown.page(LOOKS[0], lambda page, row: page.show_details(shown.details(row, "en", runs=1)))
    assert len({image.pixelColor(x, y).name() for x in range(image.width()) for y in (100, 300)}) > 10
