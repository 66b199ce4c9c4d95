"""Microphone choices, and the keys that work on this desktop."""

from app.hotkeys import choose
from app.ui.settings.choices import UNHEARD, Choices, microphone_entries
from app.ui.strings.texts import Texts


def test_choices_report_no_working_key_when_desktop_delivers_no_hotkeys() -> None:
    keys = {"dictate": "f9"}
    assert Choices(keys=keys).works("dictate") == "f9"
    assert Choices(keys=keys).works("paste-held") == Choices(keys=keys, heard=False).works("dictate") == ""
    assert {choose.WAYLAND, choose.NO_DISPLAY, choose.NOT_INSTALLED} == UNHEARD


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
