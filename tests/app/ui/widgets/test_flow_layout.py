"""Controls wrap into as many lines as the width requires."""

from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.theme.theme import Theme
from app.ui.widgets.flow_layout import FlowRow


def test_lines_wrap_controls_and_skip_hidden_ones(theme: Theme, qtbot: QtBot) -> None:
    buttons = [QPushButton(name) for name in ("one", "two", "three and much more")]
    page, lines = QWidget(), FlowRow(buttons)
    lines.setParent(page)
    qtbot.addWidget(page)
    for button in buttons:
        button.show()
    lines.resize(2_000, 40)
    lines.show()
    page.show()
    lines.arrange()
    assert len({button.y() for button in buttons}) == 1
    high = lines.sizeHint().height()
    lines.resize(lines.minimumSizeHint().width(), 200)
    assert buttons[2].y() > buttons[0].y()
    assert lines.sizeHint().height() > high
    assert all(button.geometry().right() <= lines.width() for button in buttons)
    buttons[2].hide()
    lines.arrange()
    assert lines.sizeHint().height() == high
