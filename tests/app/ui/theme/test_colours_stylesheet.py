"""Style sheet: all tokens replaced, and a focus ring that changes no size."""

import re

import pytest

from app.ui.theme.colours import COLOURS, Scheme, stylesheet


@pytest.mark.parametrize("scheme", list(Scheme))
def test_stylesheet_replaces_all_tokens(scheme: Scheme) -> None:
    sheet = stylesheet(COLOURS[scheme], 6, 8)
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")
    assert set(re.findall(r"#[0-9a-f]{6}", sheet)) <= set(vars(COLOURS[scheme]).values())


def test_button_keeps_its_size_with_focus() -> None:
    sheet = stylesheet(COLOURS[Scheme.LIGHT], 6, 8)
    usual = re.search(r"QPushButton {[^}]*border: (\d)px[^}]*padding: (\d+)px (\d+)px", sheet)
    focused = re.search(r"QPushButton:focus {[^}]*border: (\d)px[^}]*padding: (\d+)px (\d+)px", sheet)
    assert usual and focused
    line, *padding = (int(number) for number in usual.groups())
    ring, *around = (int(number) for number in focused.groups())
    assert [line + each for each in padding] == [ring + each for each in around]
