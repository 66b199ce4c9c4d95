"""Tests that texts without windows are the same as in the windows, in the requested language."""

import subprocess
import sys

import pytest

from app.core.errors import Note
from app.core.sentences import LANGUAGES, Sentences, entries, filled_text, text_of_note
from tests.helpers.placeholders import placeholders


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_return_text_of_language(language: str) -> None:
    say = Sentences(language)
    assert say("state.idle") == entries(language)["state.idle"]
    assert say.has("state.idle") and not say.has("no.such")
    with pytest.raises(KeyError):
        say("no.such")


def test_filled_inserts_counts_and_finds_placeholders() -> None:
    assert filled_text("en", "overlay.waiting", {"count": 1}).endswith(" 1 earlier recording")
    assert filled_text("en", "overlay.waiting", {"count": 2}).endswith(" 2 earlier recordings")
    assert placeholders("{a} and {b}") == {"a", "b"}


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("onboarding.press", {"key": "右 Ctrl"}, "请按一下右 Ctrl。"),
        ("onboarding.press", {"key": "F9"}, "请按一下 F9。"),
        ("note.microphone-other", {"device": "耳机"}, "现在使用耳机"),
        ("note.microphone-back", {"device": "耳机"}, "耳机已重新连接"),
        ("note.microphone-back", {"device": "USB Audio"}, "USB Audio 已重新连接"),
    ],
)
def test_no_space_stands_between_chinese_text_and_value(key: str, value: dict[str, str], text: str) -> None:
    assert filled_text("zh", key, value) == text


def test_text_of_note_includes_its_reason() -> None:
    reason = Note("microphone-refused", {"device": "usb"})
    result = text_of_note(Sentences("en"), Note("microphone-failed", reason=reason))
    assert result.startswith("Recording stopped. usb gives no sound")
    assert text_of_note(Sentences("en"), Note("of-a-later-version")) == ""


def test_sentences_load_without_qt() -> None:
    code = "import sys, app.core.sentences as s; s.Sentences()('state.idle'); sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
