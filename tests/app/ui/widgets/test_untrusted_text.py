"""Foreign texts appear literally: never as markup, shortcut or control character."""

from dataclasses import replace

import pytest
from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument

from app.files.view import FileState, FileView
from app.ui.settings.choices import Choices, microphone_entries
from app.ui.strings.texts import Texts
from app.ui.widgets.basic import Elided
from app.ui.widgets.untrusted_text import menu_name, tip

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
    assert as_shown(tip(text)) == text.replace("\u202e", r"\u202e")


def test_tip_has_no_control_character() -> None:
    assert "\x1b" not in tip(HOSTILE) and "\u202e" not in tip(HOSTILE)


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
