"""Texts without windows: the same as the windows have, in the language that is asked for."""

import subprocess
import sys

import pytest

from app.sentences import LANGUAGES, Sentences, entries, filled, noted, placeholders
from app.view import Note


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_what_is_asked(language: str) -> None:
    say = Sentences(language)
    assert say("state.idle") == entries(language)["state.idle"]
    assert say.knows("state.idle") and not say.knows("no.such")
    with pytest.raises(KeyError):
        say("no.such")


def test_counts_and_values_are_put_in() -> None:
    assert filled("en", "overlay.waiting", {"count": 1}).endswith(" 1 earlier recording")
    assert filled("en", "overlay.waiting", {"count": 2}).endswith(" 2 earlier recordings")
    assert placeholders("{a} and {b}") == {"a", "b"}


def test_a_note_is_told_with_its_reason() -> None:
    reason = Note("microphone-refused", {"device": "usb"})
    told = noted(Sentences("en"), Note("microphone-failed", reason=reason))
    assert told.startswith("Nothing is recorded. usb gives no sound")
    assert noted(Sentences("en"), Note("of-a-later-version")) == ""


def test_nothing_of_qt_is_loaded() -> None:
    code = "import sys, app.sentences as s; s.Sentences()('state.idle'); sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
