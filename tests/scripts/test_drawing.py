"""Test that looks dress the application, and that drawings are joined."""

from itertools import product

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from app.core.sentences import LANGUAGES
from app.ui.theme.colours import Scheme
from app.ui.widgets.parts import label
from scripts.drawing import GAP, LARGE_LOOKS, LOOKS, column, dressed, empty, grabbed, row, sheet, smaller


def test_looks_cover_languages_and_schemes() -> None:
    assert [(look.language, look.scheme) for look in LOOKS] == list(
        product(LANGUAGES, (Scheme.LIGHT, Scheme.DARK))
    )
    assert {look.scale for look in LARGE_LOOKS} == {1.0, 2.0}


def test_look_is_gone_after_drawing(qapp: QApplication) -> None:
    before = qapp.font().pointSizeF()
    sizes: list[float] = []

    def draw(*_: object) -> QImage:
        sizes.append(qapp.font().pointSizeF())
        return grabbed(label())

    dressed(LARGE_LOOKS[0], draw)
    assert sizes[0] > before == qapp.font().pointSizeF()


def test_images_are_joined_with_gaps() -> None:
    images = [empty(QSize(10, high), QColor("#123456")) for high in (20, 40)]
    ground = QColor("#ffffff")
    assert column(images, ground).size() == QSize(10, 60 + GAP)
    assert row(images, ground).size() == QSize(20 + GAP, 40)
    made = sheet([(LOOKS[0], images[0]), (LOOKS[1], images[1])])
    assert made.height() == 40 + 2 * GAP and made.pixelColor(GAP, GAP) == QColor("#123456")


def test_only_large_letters_are_shrunk() -> None:
    image = empty(QSize(100, 100), QColor("#123456"))
    assert smaller(LARGE_LOOKS[0], image).width() < 100 == smaller(LOOKS[0], image).width()
