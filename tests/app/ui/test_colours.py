"""Everybody can read it: WCAG 2.2 AA in light and dark, AAA in high contrast."""

import pytest

from app.states import State
from app.ui.colours import COLOURS, Scheme, contrast, state_colour

AA_TEXT, AAA_TEXT, AA_CONTROL = 4.5, 7.0, 3.0
GROUNDS = ("window", "surface", "sunken", "accent_soft")
TEXTS = ("text", "muted")
MEANINGS = ("accent", "warning", "danger")


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)  # the known border of AA on white


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read(scheme: Scheme, ground: str, text: str) -> None:
    least = AAA_TEXT if scheme is Scheme.HIGH_CONTRAST else AA_TEXT
    assert contrast(getattr(COLOURS[scheme], text), getattr(COLOURS[scheme], ground)) >= least


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("ground", ["window", "surface"])
@pytest.mark.parametrize("meaning", MEANINGS)
def test_what_carries_meaning_can_be_read(scheme: Scheme, ground: str, meaning: str) -> None:
    assert contrast(getattr(COLOURS[scheme], meaning), getattr(COLOURS[scheme], ground)) >= AA_TEXT


@pytest.mark.parametrize("scheme", list(Scheme))
def test_text_on_the_accent_can_be_read_under_the_pointer_too(scheme: Scheme) -> None:
    colours = COLOURS[scheme]
    assert contrast(colours.on_accent, colours.accent) >= AA_TEXT
    assert contrast(colours.on_accent, colours.accent_strong) >= AA_TEXT
    assert contrast(colours.accent, colours.accent_soft) >= AA_TEXT


@pytest.mark.parametrize("scheme", list(Scheme))
def test_what_can_be_operated_has_an_outline(scheme: Scheme) -> None:
    colours = COLOURS[scheme]
    assert contrast(colours.edge, colours.surface) >= AA_CONTROL
    assert contrast(colours.edge, colours.window) >= AA_CONTROL


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("state", list(State))
def test_the_shape_on_the_tray_icon_stands_out(scheme: Scheme, state: State) -> None:
    assert contrast(COLOURS[scheme].on_accent, state_colour(COLOURS[scheme], state)) >= AA_CONTROL


def test_what_waits_and_what_failed_look_different() -> None:
    colours = COLOURS[Scheme.LIGHT]
    assert state_colour(colours, State.FAILED) == colours.danger
    assert state_colour(colours, State.HELD) == state_colour(colours, State.WAITING) == colours.warning
    assert state_colour(colours, State.LISTENING) == colours.accent
    assert state_colour(colours, State.IDLE) == colours.muted
