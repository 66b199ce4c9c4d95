"""Sections of settings: each setting with a row stands in exactly one section and group."""

from app.settings.schema import all_settings
from app.ui.settings.row_table import ELSEWHERE
from app.ui.settings.wording import PANELS_FIRST, PLACES, SECTIONS, section_of, settings_of


def test_each_setting_with_row_has_one_place() -> None:
    placed = [name for section in SECTIONS for name in settings_of(section)]
    assert sorted(placed) == sorted(set(all_settings()) - ELSEWHERE)
    assert SECTIONS == ("general", "input", "language", "models", "computers", "advanced")
    assert set(SECTIONS) >= PANELS_FIRST


def test_each_section_has_groups_with_settings() -> None:
    assert all(groups and all(groups.values()) for groups in PLACES.values())


def test_section_of_setting_is_its_place_on_the_page() -> None:
    assert section_of("audio.microphone") == section_of("hotkeys.cancel") == "input"
    assert section_of("general.welcomed") == section_of("general") == ""
