"""Texts for settings: completeness, refusals, search words, and sections."""

import pytest

from app.core.errors import Note
from app.settings.schema import all_settings
from app.ui.settings.row_table import ELSEWHERE
from app.ui.settings.wording import (
    PANELS_FIRST,
    PLACES,
    SECTIONS,
    description,
    marked_html,
    matches,
    option_keys,
    refusal_text,
    search_terms,
    search_words_of,
    section_of,
    title,
)
from app.ui.strings.texts import Texts
from tests.app.ui.languages import in_each_language

SHOWN = [name for name in all_settings() if name not in ELSEWHERE]


@in_each_language
@pytest.mark.parametrize("name", SHOWN)
def test_every_setting_has_title_explanation_and_options(texts: Texts, name: str) -> None:
    assert title(texts, name) and description(texts, name)
    assert all(texts(key) for key in option_keys(all_settings()[name]).values())


@in_each_language
@pytest.mark.parametrize("name", SHOWN)
def test_refusal_names_allowed_values_in_current_language(texts: Texts, name: str) -> None:
    said = refusal_text(texts, name, Note("setting-bad", {"place": name}))
    english = all_settings()[name].allowed
    assert said and (texts.language == "en" or english not in said or english == "true, false"), "as in the file"


@in_each_language
def test_refused_value_in_file_has_its_own_text(texts: Texts) -> None:
    asked = refusal_text(texts, "history.days", Note("setting-bad", {"place": "history.days"}))
    written = refusal_text(texts, "history.days", Note("setting-bad", {"place": "history.days (settings.toml:3)"}))
    assert asked != written and "36500" in asked and "36500" in written


@in_each_language
def test_other_problems_use_their_own_note_text(texts: Texts) -> None:
    assert refusal_text(texts, "history.days", Note("settings-not-kept")) == texts("note.settings-not-kept")


def test_setting_is_found_in_both_languages_and_by_name() -> None:
    words = search_words_of(all_settings()["hotkeys.mode"])
    for term in ("hotkeys.mode", "key mode", "按键方式", "hold to talk", "免提", "hotkeys", "麦克风与快捷键"):
        assert term in words


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("shortcut", {"hotkeys.dictate", "hotkeys.cancel", "hotkeys.paste_held", "hotkeys.mode"}),
        ("push-to-talk", {"hotkeys.dictate", "hotkeys.mode"}),
        ("热键", {"hotkeys.dictate", "hotkeys.cancel", "hotkeys.paste_held", "hotkeys.mode"}),
        ("startup", {"general.autostart"}),
        ("开机", {"general.autostart"}),
        ("font", {"general.text_size"}),
        ("字体", {"general.text_size"}),
        ("夜间", {"general.theme"}),
        ("话筒", {"audio.microphone", "general.keep_microphone_open"}),
        ("浮窗", {"general.overlay"}),
        ("privacy", {"history.days", "insertion.read_text"}),
        ("剪贴板", {"hotkeys.paste_held", "insertion.strategy"}),
    ],
)
def test_setting_is_found_by_the_words_of_other_programs(query: str, names: set[str]) -> None:
    terms = search_terms(query)
    assert {name for name in SHOWN if matches(terms, search_words_of(all_settings()[name]))} == names


def test_search_needs_every_term_in_any_order() -> None:
    assert matches(search_terms("KEY  held"), "key for held text")
    assert matches(search_terms("ｈｅｌｄ"), "key for held text"), "letters of an input method"
    assert not matches(search_terms("held nothing"), "key for held text")
    assert matches(search_terms("  "), "")


def test_found_terms_are_marked_in_original_spelling() -> None:
    assert marked_html("Key for Keys", search_terms("key"), "x") == (
        '<span style="x">Key</span> for <span style="x">Key</span>s'
    )
    assert marked_html("粘贴暂存文字", search_terms("文字"), "x") == '粘贴暂存<span style="x">文字</span>'
    assert marked_html("a < b", search_terms("<"), "x") == 'a <span style="x">&lt;</span> b'


def test_longest_matching_term_is_marked() -> None:
    assert marked_html("hotkeys", search_terms("key keys"), "x") == 'hot<span style="x">keys</span>'


def test_each_section_has_groups_with_settings() -> None:
    assert SECTIONS == ("general", "input", "language", "models", "computers", "advanced")
    assert set(SECTIONS) >= PANELS_FIRST
    assert all(groups and all(groups.values()) for groups in PLACES.values())


def test_section_of_setting_is_its_place_on_the_page() -> None:
    assert section_of("audio.microphone") == section_of("hotkeys.cancel") == "input"
    assert section_of("general.welcomed") == section_of("general") == ""
