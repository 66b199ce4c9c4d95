"""What can be chosen, and which keys do something here."""

from app.hotkeys import choose
from app.ui.choices import UNHEARD, Choices, microphone_entries
from app.ui.texts import Texts


def test_a_key_that_nobody_hears_does_nothing() -> None:
    keys = {"dictate": "f9"}
    assert Choices(keys=keys).works("dictate") == "f9"
    assert Choices(keys=keys).works("paste-held") == Choices(keys=keys, heard=False).works("dictate") == ""
    assert {choose.WAYLAND, choose.NO_DISPLAY, choose.NOT_INSTALLED} == UNHEARD


def test_the_microphone_that_is_chosen_stays_in_the_list_while_it_is_away(texts: Texts) -> None:
    entries = microphone_entries(texts, Choices(("one", "two"), "away", "one"))
    assert [name for name, _ in entries] == ["", "one", "two", "away"]
    assert "one" in entries[0][1]
