"""QR code as a camera sees it: dark on light, with a light margin, in every theme."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.computers.share_form import DARK, LIGHT, QUIET, QrCode, modules
from app.ui.theme.colours import Scheme
from app.ui.theme.theme import Motion, Theme

LINK = "kikipounamu://pair?at=https%3A%2F%2F192.168.1.20%3A8765&code=48150623&certificate=" + "ab" * 32


def drawn(code: QrCode, size: QSize) -> QImage:
    code.resize(size)
    return code.grab().toImage()


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("more", [-40, 0, 1, 90])
def test_quiet_zone_of_four_modules_is_white_in_every_theme_and_size(
    qapp: QApplication, qtbot: QtBot, scheme: Scheme, more: int
) -> None:
    Theme(scheme, Motion()).dress(qapp)
    code = QrCode()
    qtbot.addWidget(code)
    code.show_text(LINK)
    image, rows = drawn(code, code.sizeHint() + QSize(more, more // 2)), modules(LINK)
    across = len(rows) + 2 * QUIET
    side = min(image.width(), image.height()) // across
    left, top = (image.width() - across * side) // 2, (image.height() - across * side) // 2
    for y in range(across):
        for x in range(across):
            row, column = y - QUIET, x - QUIET
            inside = 0 <= row < len(rows) and 0 <= column < len(rows)
            wanted = DARK if inside and rows[row][column] else LIGHT
            seen = image.pixelColor(left + x * side + side // 2, top + y * side + side // 2)
            assert seen == wanted, (x, y)


def test_qr_code_without_text_takes_no_room(qtbot: QtBot) -> None:
    code = QrCode()
    qtbot.addWidget(code)
    assert code.sizeHint().width() == 0
    code.show_text(LINK)
    assert code.sizeHint().width() > 100
    code.show_text("")
    assert code.sizeHint().width() == 0
