"""Sections of settings: each setting with a row stands in exactly one section."""

from app.settings.schema import all_settings
from app.ui.settings.placement import PANELS_FIRST, PLACES, SECTIONS, section_of
from app.ui.settings.row_table import ELSEWHERE


def test_each_setting_with_row_has_one_place() -> None:
    placed = [name for names in PLACES.values() for name in names]
    assert sorted(placed) == sorted(set(all_settings()) - ELSEWHERE)
    assert SECTIONS == ("general", "input", "language", "models", "computers", "advanced")
    assert set(SECTIONS) >= PANELS_FIRST


def test_section_of_setting_is_its_place_on_the_page() -> None:
    assert section_of("audio.microphone") == section_of("hotkeys.cancel") == "input"
    assert section_of("general.welcomed") == section_of("general") == ""
