"""All colours are readable: WCAG 2.2 AA in light and dark, AAA in high contrast."""

import pytest

from app.core.states import State
from app.ui.theme.colours import COLOURS, Scheme, state_colour
from tests.helpers.contrast import contrast

AA_TEXT, AAA_TEXT, AA_CONTROL = 4.5, 7.0, 3.0
GROUNDS = ("window", "surface", "sunken", "accent_soft")
TEXTS = ("text", "muted")
MEANINGS = ("accent", "warning", "danger")


def test_contrast_matches_wcag_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1
    assert contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.01)  # the known border of AA on white


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_has_enough_contrast(scheme: Scheme, ground: str, text: str) -> None:
    least = AAA_TEXT if scheme is Scheme.HIGH_CONTRAST else AA_TEXT
    assert contrast(getattr(COLOURS[scheme], text), getattr(COLOURS[scheme], ground)) >= least


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("ground", ["window", "surface"])
@pytest.mark.parametrize("meaning", MEANINGS)
def test_meaningful_colours_have_enough_contrast(scheme: Scheme, ground: str, meaning: str) -> None:
    assert contrast(getattr(COLOURS[scheme], meaning), getattr(COLOURS[scheme], ground)) >= AA_TEXT


@pytest.mark.parametrize("scheme", list(Scheme))
def test_text_on_accent_has_enough_contrast_also_when_hovered(scheme: Scheme) -> None:
    colours = COLOURS[scheme]
    assert contrast(colours.on_accent, colours.accent) >= AA_TEXT
    assert contrast(colours.on_accent, colours.accent_strong) >= AA_TEXT
    assert contrast(colours.accent, colours.accent_soft) >= AA_TEXT


@pytest.mark.parametrize("scheme", list(Scheme))
def test_outlines_of_controls_have_enough_contrast(scheme: Scheme) -> None:
    colours = COLOURS[scheme]
    assert contrast(colours.edge, colours.surface) >= AA_CONTROL
    assert contrast(colours.edge, colours.window) >= AA_CONTROL


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("state", list(State))
def test_tray_icon_shape_has_enough_contrast(scheme: Scheme, state: State) -> None:
    assert contrast(COLOURS[scheme].on_accent, getattr(COLOURS[scheme], state_colour(state))) >= AA_CONTROL


def test_state_colours_distinguish_waiting_from_failed() -> None:
    assert state_colour(State.FAILED) == "warning"
    assert state_colour(State.HELD) == state_colour(State.WAITING) == "warning"
    assert state_colour(State.LISTENING) == "accent"
    assert state_colour(State.IDLE) == "muted"
