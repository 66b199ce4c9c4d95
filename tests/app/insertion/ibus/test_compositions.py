"""An unfinished word in the user's input method is known from what engines show."""

from typing import Any

import pytest

from app.insertion.ibus.compositions import Compositions

ENGINE = "/engine/1"


def text(characters: str) -> tuple[Any, ...]:
    """Return a text as it is received."""
    return ("IBusText", {}, characters, ())


def shown(characters: str, *, visible: bool = True) -> tuple[Any, ...]:
    """Return the values with which an engine shows a preedit text."""
    return text(characters), 0, visible, 0


def composing(*told: tuple[str, str, tuple[Any, ...]]) -> Compositions:
    """Return what is known after this."""
    compositions = Compositions()
    for engine, member, values in told:
        compositions.told(engine, member, values)
    return compositions


@pytest.mark.parametrize(
    ("member", "values", "is_open"),
    [
        ("UpdatePreeditText", shown("ni"), True),
        ("UpdatePreeditText", shown(""), False),
        ("UpdatePreeditText", shown("ni", visible=False), False),
        ("UpdatePreeditText", (), False),
        ("UpdateAuxiliaryText", (text("ni |"), True), True),
        ("UpdateAuxiliaryText", (text("ni |"), False), False),
        ("HidePreeditText", (), False),
        ("UpdateLookupTable", (("IBusLookupTable",), True), False),
    ],
)
def test_visible_text_of_an_engine_is_a_composition(member: str, values: tuple[Any, ...], is_open: bool) -> None:
    assert composing((ENGINE, member, values)).may_be_open("libpinyin") == is_open


@pytest.mark.parametrize("last", [("UpdatePreeditText", shown("")), ("HidePreeditText", ())])
def test_composition_ends_when_its_text_is_gone(last: tuple[str, tuple[Any, ...]]) -> None:
    assert not composing((ENGINE, "UpdatePreeditText", shown("ni")), (ENGINE, *last)).may_be_open("libpinyin")


def test_composition_is_open_while_one_of_two_texts_shows() -> None:
    auxiliary = (ENGINE, "UpdateAuxiliaryText", (text("ni"), True))
    both = composing((ENGINE, "UpdatePreeditText", shown("ni")), auxiliary, (ENGINE, "HidePreeditText", ()))
    assert both.may_be_open("libpinyin")
    both.told(ENGINE, "HideAuxiliaryText", ())
    assert not both.may_be_open("libpinyin")


def test_accent_of_a_keyboard_layout_is_a_composition_too() -> None:
    assert composing((ENGINE, "UpdatePreeditText", shown("´"))).may_be_open("xkb:de::ger")


def test_field_that_loses_the_focus_ends_compositions() -> None:
    compositions = composing((ENGINE, "UpdatePreeditText", shown("ni")))
    compositions.ended()
    assert not compositions.may_be_open("libpinyin")


def test_input_method_is_unknown_at_first() -> None:
    assert Compositions().may_be_open("libpinyin")
    assert not Compositions().may_be_open("xkb:us::eng")
    assert not composing((ENGINE, "HidePreeditText", ())).may_be_open("libpinyin")
