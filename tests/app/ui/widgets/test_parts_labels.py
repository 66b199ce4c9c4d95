from dataclasses import replace

import pytest
from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QTextDocument
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.files.view import FileState, FileView
from app.ui.settings.choices import Choices, microphone_entries
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, Theme, font
from app.ui.widgets.parts import (
    Elided,
    first_lines,
    label,
    last_lines,
    menu_name,
    remark,
    show_text,
    tool_tip,
    worded,
)
from tests.app.ui.showing import displayed, kept

LONG = "a sentence that goes on and on 而且没有结束 " * 20


def lines(text: Elided) -> int:
    """Return the number of lines that the label's text takes at its width.

    Lines are as high as the highest letter in the text.
    """
    metrics, room = text.fontMetrics(), text.contentsRect().adjusted(0, 0, 0, 10_000)
    height = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap.value), text.text()).height()
    highest = metrics.boundingRect(room, 0, text.text().replace("\n", " ")).height()
    return round(height / highest)


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("said", [LONG, "𝄞 kia ora 😀 " * 60, "没有空格的一句话" * 40, "a\nb\n" * 200])
def test_elided_text_fits_its_number_of_lines(theme: Theme, qtbot: QtBot, said: str, most: int) -> None:
    text = kept(qtbot, Elided(most), 240, 200)
    text.show_text(said)
    assert text.text().endswith("…") and lines(text) == most
    assert said.replace("\n", " ").startswith(text.text()[:-1])


@pytest.mark.parametrize("said", ["a recording on a Tuesday with W. A. Yates", "Interview with W. A. Mozart, May"])
def test_ellipsis_takes_no_line_of_its_own_at_any_width(theme: Theme, qtbot: QtBot, said: str) -> None:
    text = kept(qtbot, Elided(1), 240, 200)
    for width in range(60, 240):
        text.resize(width, 200)
        text.show_text(said)
        assert lines(text) == 1, (width, text.text())


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("said", [LONG, "𝄞 kia ora 😀 " * 60, "没有空格的一句话" * 40, "a\nb\n" * 200])
def test_elided_text_shows_its_end_while_more_follows(theme: Theme, qtbot: QtBot, said: str, most: int) -> None:
    text = kept(qtbot, Elided(most), 240, 200)
    text.show_text(said, end=True)
    assert text.text().startswith("…") and lines(text) == most
    assert said.replace("\n", " ").endswith(text.text()[1:])
    text.show_text("kia ora", end=True)
    assert text.text() == "kia ora"


def test_end_begins_with_a_whole_word(theme: Theme) -> None:
    for width in range(150, 250, 7):
        shown = last_lines("whakarongo mai koutou " * 40, QFont(), width, 2)
        assert shown.lstrip("…").split()[0] in {"whakarongo", "mai", "koutou"}


@pytest.mark.parametrize("width", [0.0, 5.0, 10_000_000.0])
def test_end_is_cut_at_any_width(theme: Theme, width: float) -> None:
    said = "kia ora koutou " * 10_000
    shown = last_lines(said, QFont(), width, 2)
    assert shown.startswith("…") and said.endswith(shown[1:]) and len(shown) < 1_000
    assert last_lines("", QFont(), width, 2) == ""


@pytest.mark.parametrize("width", [0.0, 5.0, 10_000_000.0])
def test_beginning_is_cut_at_any_width(theme: Theme, width: float) -> None:
    said = "kia ora koutou " * 10_000
    shown = first_lines(said, QFont(), width, 2)
    assert shown.endswith("…") and said.startswith(shown[:-1]) and len(shown) < 1_000
    assert first_lines("kia ora", QFont(), 10_000.0, 2) == "kia ora"
    assert first_lines("kia" * 200, QFont(), 100.0, 2).startswith("kiakia")


@pytest.mark.parametrize("text", ["kia_ora" * 30, "kia " + "ora" * 60, "ora" * 60 + " kia"])
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.usefixtures("qapp")
def test_word_that_is_longer_than_a_line_is_cut_with_an_ellipsis(text: str, most: int) -> None:
    width, metrics = 200.0, QFontMetricsF(QFont())
    shown = first_lines(text, QFont(), width, most)
    assert shown.endswith("…") and text.startswith(shown[:-1])
    assert all(metrics.horizontalAdvance(word) <= width for word in shown.split())


def test_long_text_is_cut_but_complete_for_screen_readers(theme: Theme, qtbot: QtBot) -> None:
    text = kept(qtbot, Elided(2), 240, 200)
    text.show_text(LONG)
    assert lines(text) == 2
    assert text.toolTip() == text.accessibleName() == LONG
    text.resize(240, 300)
    text.show_text("short")
    assert (text.text(), text.toolTip()) == ("short", "")
    text.show_text(LONG * 100)
    assert LONG in text.toolTip() and len(text.toolTip()) < 5 * len(LONG)
    assert text.accessibleName() == LONG * 100


def test_text_that_is_written_from_the_right_begins_at_the_left(theme: Theme, qtbot: QtBot) -> None:
    text = displayed(qtbot, Elided(1), 400, 40)
    text.show_text("קובץ.flac")
    image = text.grab().toImage()
    right = range(image.width() // 2, image.width())
    assert len({image.pixel(x, y) for x in right for y in range(image.height())}) == 1, "nothing is drawn there"


def test_wider_label_shows_more_text(theme: Theme, qtbot: QtBot) -> None:
    text = displayed(qtbot, Elided(2), 200, 60)
    text.show_text(LONG)
    narrow = text.text()
    text.resize(500, 60)
    qtbot.waitUntil(lambda: len(text.text()) > len(narrow))


@pytest.mark.parametrize("size", [SCALE.body, SCALE.caption])
def test_elided_text_follows_another_text_size(theme: Theme, qtbot: QtBot, size: float) -> None:
    text, usual = Elided(2, size=size), font(size).pointSizeF()
    qtbot.addWidget(text)
    text.resize(240, 200)
    text.show()
    text.show_text(LONG)
    small = text.text()
    theme.choose_text_size("largest")
    assert text.font().pointSizeF() == pytest.approx(1.6 * usual, rel=0.01)
    assert lines(text) == 2 and len(text.text()) < len(small)


def test_label_without_text_is_hidden(theme: Theme, qtbot: QtBot) -> None:
    window, shown = QWidget(), remark()
    qtbot.addWidget(window)
    QVBoxLayout(window).addWidget(shown)
    window.show()
    show_text(shown, "", "danger")
    assert not shown.isVisible()
    show_text(shown, "something", "danger")
    assert shown.isVisible() and shown.palette().windowText().color() == theme.colour("danger")
    show_text(shown, "")
    assert not shown.isVisible()


HOSTILE = "<b>x</b> & <img src='file:///etc/passwd'>\n\x1b[31m\u202eend"


def as_shown(shown: str) -> str:
    """Return the text that the tooltip displays."""
    if not QtGui.Qt.mightBeRichText(shown):
        return shown
    document = QTextDocument()
    document.setHtml(shown)
    return document.toPlainText()


@pytest.mark.parametrize("text", ["talk.wav", "a & b <c", "two\nlines", "<b>x</b>", HOSTILE.replace("\x1b", "")])
def test_tip_shows_name_literally(text: str) -> None:
    assert as_shown(tool_tip(text)) == text.replace("\u202e", r"\u202e")


def test_tip_has_no_control_character() -> None:
    assert "\x1b" not in tool_tip(HOSTILE) and "\u202e" not in tool_tip(HOSTILE)


def test_menu_name_is_one_line_without_a_shortcut() -> None:
    assert menu_name("A & B\nC\x1b") == r"A && B\nC\x1b"


def test_microphones_are_listed_in_one_line_each(texts: Texts) -> None:
    choices = replace(Choices(), microphones=(("key", "<b>desk</b>\nforged\x1b[2J"),), default_microphone="a\nb")
    system, desk = microphone_entries(texts, choices)
    assert desk == ("key", r"<b>desk</b>\nforged\x1b[2J") and r"a\nb" in system[1]


@pytest.mark.usefixtures("qapp")
def test_file_label_shows_name_literally() -> None:
    file = FileView(1, "/a/<b>x</b>\x1b[2J\u202e\udc80.wav", FileState.DONE)
    assert file.name == r"b>\x1b[2J\u202e\udc80.wav"
    label = Elided(1)
    label.resize(40, 20)
    label.show_text("/a/<b>x</b>\udc80" * 9)  # also a name with an undecodable byte
    assert label.textFormat() is Qt.TextFormat.PlainText and as_shown(label.toolTip()).startswith("/a/<b>x</b>")


def test_worded_texts_follow_the_language(qtbot: QtBot) -> None:
    texts = Texts("en")
    shown = worded(texts, label(), "action.copy", toolTip="action.paste")
    qtbot.addWidget(shown)
    assert (shown.text(), shown.toolTip()) == (texts("action.copy"), texts("action.paste"))
    before = shown.text()
    texts.choose("zh")
    assert (shown.text(), shown.toolTip()) == (texts("action.copy"), texts("action.paste"))
    assert shown.text() != before


def test_deleted_widgets_are_not_worded_again(qtbot: QtBot) -> None:
    texts = Texts("en")
    shown = worded(texts, label(), "action.copy")
    with qtbot.waitSignal(shown.destroyed):
        shown.deleteLater()
    texts.choose("zh")
