"""Texts for states, notes, times and keys."""

import re
from datetime import date, datetime

import pytest

from app.core.errors import Note
from app.core.sentences import Sentences
from app.core.states import State
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.strings import texts as wording
from app.ui.strings.texts import Texts
from tests.app.core.test_problem_notes import ERRORS

EN, ZH = Texts("en"), Texts("zh")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (7.9, "0:07"), (75, "1:15"), (3599, "59:59"), (3723, "1:02:03")]
)
def test_duration_is_formatted_as_clock(seconds: float, shown: str) -> None:
    assert wording.clock(seconds) == shown


@pytest.mark.parametrize(("texts", "shown"), [(EN, "a.txt, a.srt, b"), (ZH, "a.txt、a.srt、b")])
def test_names_are_listed_with_the_separator_of_the_language(texts: Texts, shown: str) -> None:
    assert wording.names_text(texts, ["a.txt", "a.srt", "b"]) == shown
    assert wording.names_text(texts, []) == ""


def test_states_use_words_of_the_vocabulary() -> None:
    assert [wording.state_text(EN, state) for state in (State.LISTENING, State.HELD)] == ["Listening", "To paste"]
    assert wording.state_text(ZH, State.LISTENING) == "正在聆听"


@pytest.mark.parametrize("texts", [EN, ZH])
def test_windows_show_commands_without_the_quotes_of_a_terminal(texts: Texts) -> None:
    key = "doctor.found.gateway-none"
    assert "`kikipounamu up`" in Sentences(texts.language)(key)
    assert "`" not in texts(key) and "kikipounamu up" in texts(key)
    assert "run this" in texts("files.note.refused", reason="run `this`")
    assert texts("history.again.removed", text="a `b`").count("`") == 2, "what was said stays"


def test_note_text_contains_its_values() -> None:
    note = Note("microphone-failed", {"reason": "Unplugged"})
    assert wording.note_text(EN, note) == "Recording stopped. Unplugged"
    assert wording.note_text(EN, Note("of-a-later-version")) == ""


def test_reason_is_in_the_same_language_as_its_note() -> None:
    note = Note("hotkeys-failed", reason=Note("hotkey-taken", {"binding": "right_ctrl"}))
    said = "Hotkeys do not work. Right Ctrl is used by another program. Choose another key"
    assert wording.note_text(EN, note) == said
    assert "右 Ctrl 已被其他程序占用" in wording.note_text(ZH, note)
    worker = WorkerView(LocalWorkerState.FAILED, reason=Note("model-busy"))
    assert wording.worker_text(EN, worker).startswith("Failed · Another program has been downloading")


@pytest.mark.parametrize(("error", "note"), ERRORS, ids=lambda value: type(value).__name__)
def test_every_error_is_worded_in_each_language(error: Exception, note: Note) -> None:
    english, chinese = (wording.note_text(texts, note) for texts in (EN, ZH))
    assert english and chinese and re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[{}]", english + chinese)
    assert all(value in english for name, value in note.values.items() if name != "binding")


def test_note_names_paste_key_when_there_is_one() -> None:
    note = Note("insert-ready")
    assert "Ctrl+Alt+V" in wording.note_text(EN, note, "Ctrl+Alt+V")
    assert "tray" in wording.note_text(EN, note)
    assert wording.note_text(EN, Note("cancelled"), "F9") == wording.note_text(EN, Note("cancelled"))


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        (WorkerView(), "Off"),
        (WorkerView(LocalWorkerState.DOWNLOADING, percent=40), "Downloading 40 %"),
        (WorkerView(LocalWorkerState.DOWNLOADING), "Downloading"),
        (WorkerView(LocalWorkerState.BUSY, "RTX 5060 Ti"), "Recognising · RTX 5060 Ti"),
        (WorkerView(LocalWorkerState.IDLE, "CPU", model="whisper-base"), "Idle · CPU · Whisper base"),
        (WorkerView(LocalWorkerState.FAILED, reason=Note("plain", {"text": "no model"})), "Failed · no model"),
    ],
)
def test_worker_text_shows_state_and_detail(worker: WorkerView, said: str) -> None:
    assert wording.worker_text(EN, worker) == said


@pytest.mark.parametrize(
    ("binding", "en", "zh"),
    [
        ("ctrl+alt+d", "Ctrl+Alt+D", "Ctrl+Alt+D"),
        ("right_ctrl", "Right Ctrl", "右 Ctrl"),
        ("Right ctrl", "Right Ctrl", "右 Ctrl"),  # as a person may write it into settings.toml
        ("f9", "F9", "F9"),
        ("ctrl+page_up", "Ctrl+Page Up", "Ctrl+Page Up"),
        ("ctrl+left", "Ctrl+Left", "Ctrl+Left"),
        ("", "", ""),
    ],
)
def test_keys_have_their_keyboard_names(binding: str, en: str, zh: str) -> None:
    assert wording.key_text(EN, binding) == en
    assert wording.key_text(ZH, binding) == zh


def test_texts_to_paste_are_mentioned_with_their_key() -> None:
    assert wording.to_paste_text(EN, View(), "F8") == ""
    both = wording.to_paste_text(EN, View(held=1, earlier=3), "F8")
    assert both == "1 text to paste: F8 · 3 earlier recordings to paste"
    assert wording.to_paste_text(EN, View(held=1), "") == "1 text to paste"


def test_today_is_the_current_date() -> None:
    assert abs((wording.today() - date.today()).days) <= 1


def test_line_leaves_out_its_empty_parts() -> None:
    assert wording.joined("", "a", "", "b") == "a · b" and wording.joined("", "") == ""


def test_moment_is_a_time_today_and_else_a_date() -> None:
    at = datetime(2026, 7, 1, 9, 5)
    assert wording.moment_text(at.timestamp(), at.date()) == "09:05"
    assert wording.moment_text(at.timestamp(), date(2026, 7, 2)) == "2026-07-01"
