"""Microphone choices, and the keys that work on this desktop."""

import pytest

from app.core.errors import Note
from app.dictation.gestures import TalkMode
from app.hotkeys import choose
from app.ui.settings.choices import NO_HOTKEYS, Choices, KnownKeys, microphone_entries
from app.ui.strings.texts import Texts


def test_choices_report_no_working_key_when_desktop_delivers_no_hotkeys() -> None:
    keys = {"dictate": "f9"}
    assert Choices(keys=keys).works("dictate") == "f9"
    assert Choices(keys=keys).works("paste-held") == Choices(keys=keys, heard=False).works("dictate") == ""
    assert {choose.WAYLAND, choose.NO_DISPLAY, choose.NOT_INSTALLED} == NO_HOTKEYS


def test_paused_choices_report_only_the_cancel_key() -> None:
    choices = Choices(keys={"dictate": "f9", "paste-held": "f8", "cancel": "esc"}, paused=True)
    assert [choices.works(action) for action in ("dictate", "paste-held", "cancel")] == ["", "", "esc"]


def test_selected_microphone_stays_listed_while_absent(texts: Texts) -> None:
    entries = microphone_entries(texts, Choices((("a", "One"), ("b", "Two")), "away", "One"))
    assert entries[1:] == [("a", "One"), ("b", "Two"), ("away", texts("microphone.away", device="away"))]
    assert "One" in entries[0][1]


def test_absent_source_is_shown_by_its_model(texts: Texts) -> None:
    key = "alsa_input.usb-Blue_Microphones_Yeti_Nano_2051-00.analog-stereo"
    entries = microphone_entries(texts, Choices((("a", "One"),), key))
    assert entries[-1] == (key, texts("microphone.away", device="Blue Microphones Yeti Nano 2051"))


def test_absent_source_is_not_called_absent_before_microphones_are_listed(texts: Texts) -> None:
    assert microphone_entries(texts, Choices((), "away"))[-1] == ("away", "away")


def test_choice_by_part_of_name_selects_matching_microphone(texts: Texts) -> None:
    entries = microphone_entries(texts, Choices((("a", "Yeti Nano"), ("b", "Two")), "yeti"))
    assert entries[1:] == [("yeti", "Yeti Nano"), ("b", "Two")]


KEYS = {"dictate": "f9", "cancel": "esc", "paste-held": "ctrl+alt+v"}
REFUSED = Note("hotkeys-wayland")


def test_keys_of_the_settings_are_named_unless_the_desktop_assigned_others() -> None:
    known = KnownKeys()
    assert known.of(KEYS) == KEYS
    known.assigned = {"dictate": "super+f9"}
    assert known.of(KEYS) == KEYS | {"dictate": "super+f9"}


def test_only_keys_of_lines_are_named_where_programs_get_none() -> None:
    known = KnownKeys()
    known.note_problem(REFUSED)
    assert (known.works_by_lines, known.of(KEYS)) == (False, KEYS)
    assert [known.add_reported(["dictate"]), known.add_reported(["dictate"])] == [True, False]
    assert (known.works_by_lines, known.of(KEYS)) == (True, {"dictate": "f9"})
    known.note_problem(None)
    assert known.of(KEYS) == {"dictate": "f9"}, "Esc still arrives nowhere"


def test_lines_beside_working_hotkeys_change_nothing() -> None:
    known = KnownKeys()
    known.add_reported(["dictate"])
    known.note_problem(Note("hotkey-taken", {"binding": "f9"}))
    assert not known.works_by_lines and known.of(KEYS) == KEYS


def test_no_key_is_named_where_shortcuts_of_the_desktop_run_commands() -> None:
    known = KnownKeys()
    known.note_problem(REFUSED)
    known.nameless = True
    known.add_reported(["dictate"])
    assert (known.works_by_lines, known.of(KEYS)) == (True, {})


@pytest.mark.parametrize("mode", TalkMode)
def test_key_that_reports_no_release_toggles(mode: TalkMode) -> None:
    assert Choices(mode=mode).mode_here is mode
    ends_at_pauses = mode is TalkMode.HANDS_FREE
    assert Choices(mode=mode, toggles=True).mode_here is (mode if ends_at_pauses else TalkMode.TOGGLE)
