"""A QR code as a camera sees it: dark on light, with light around it, in every theme."""

from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.ui.colours import Scheme
from app.ui.sharing_code import QUIET, QrCode, modules
from app.ui.theme import Motion, Theme

LINK = "kikipounamu://pair?at=https%3A%2F%2F192.168.1.20%3A8765&code=48150623&certificate=" + "ab" * 32


def drawn(code: QrCode) -> QImage:
    code.resize(code.sizeHint())
    return code.grab().toImage()


def test_each_module_is_drawn_where_it_belongs(theme: Theme, qtbot: QtBot) -> None:
    for scheme in (Scheme.LIGHT, Scheme.DARK):
        code = QrCode(Theme(scheme, Motion()))
        qtbot.addWidget(code)
        code.show_text(LINK)
        image, rows = drawn(code), modules(LINK)
        side = image.width() // (len(rows) + 2 * QUIET)
        light, dark = code.grounds
        assert light.lightness() > 200 and dark.lightness() < 60
        for y, line in enumerate(rows):
            for x, is_dark in enumerate(line):
                seen = image.pixelColor((x + QUIET) * side + side // 2, (y + QUIET) * side + side // 2)
                assert seen == (dark if is_dark else light)
        assert image.pixelColor(side * 2, image.height() // 2) == light, "the quiet zone"


def test_nothing_takes_no_room(theme: Theme, qtbot: QtBot) -> None:
    code = QrCode(theme)
    qtbot.addWidget(code)
    assert code.sizeHint().width() == 0
    code.show_text(LINK)
    assert code.sizeHint().width() > 100
    code.show_text("")
    assert code.sizeHint().width() == 0
