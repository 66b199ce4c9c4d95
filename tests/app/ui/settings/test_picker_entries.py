"""Search in entries: names in any form, further words, and values that no entry has."""

import pytest

from app.settings.sections import SYSTEM
from app.ui.settings.picker_entries import (
    PickerEntry,
    matching,
    model_entries,
    own_entries,
    spoken_entries,
    with_unknown,
)
from app.ui.strings.texts import Texts
from speech.models.catalogue import load_catalogue
from tests.app.ui.languages import in_each_language
from tests.helpers.packages import require

pytestmark = pytest.mark.usefixtures("qapp")  # a font is looked up for each name

ENTRIES = (
    PickerEntry("fr", "French", "Français", "法语"),
    PickerEntry("de", "German", "Deutsch", "德语"),
    PickerEntry("en", "English"),
    PickerEntry("hy", "Armenian", "Հայերեն"),
)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", ["fr", "de", "en", "hy"]),
        ("francais", ["fr"]),
        ("DEUTSCH", ["de"]),
        ("德", ["de"]),
        ("hy", ["hy"]),
        ("en", ["en", "fr", "hy"]),  # a name that begins with the query comes first
        ("french fr", ["fr"]),
        ("xyz", []),
    ],
)
def test_query_finds_entries_by_each_of_their_words(query: str, values: list[str]) -> None:
    assert [entry.value for entry in matching(ENTRIES, query)] == values


def test_unknown_value_stands_for_itself() -> None:
    assert with_unknown(ENTRIES, ("de", "tlh"))[len(ENTRIES) :] == [PickerEntry("tlh", "tlh")]
    assert ENTRIES[1].text == "German · Deutsch" and ENTRIES[2].text == "English"


def test_all_languages_of_the_catalogue_are_listed_once(texts: Texts) -> None:
    known = {code for model in load_catalogue().models for code in model.languages}
    values = [entry.value for entry in spoken_entries(texts)]
    assert values[0] == "auto" and sorted(values[1:]) == sorted(known)
    assert [entry.value for entry in own_entries(texts)][:1] == [SYSTEM]


@in_each_language
@pytest.mark.parametrize("query", ["German", "Deutsch", "德语", "de"])
def test_language_is_found_by_its_names_in_every_language(texts: Texts, query: str) -> None:
    assert "de" in [entry.value for entry in matching(spoken_entries(texts), query)]


def test_language_has_its_own_name_beside_that_of_the_windows() -> None:
    require(("fonts-noto-cjk",))
    english = {entry.value: entry for entry in spoken_entries(Texts("en"))}
    chinese = {entry.value: entry for entry in spoken_entries(Texts("zh"))}
    assert (english["de"].text, chinese["de"].text) == ("German · Deutsch", "德语 · Deutsch")
    assert (english["en"].text, chinese["zh"].text) == ("English", "中文")


def test_languages_are_in_the_order_of_the_windows_language() -> None:
    names = [entry.name for entry in spoken_entries(Texts("zh"))[1:]]
    assert names.index("德语") < names.index("日语") < names.index("英语") < names.index("中文")


def test_models_are_listed_after_any(texts: Texts) -> None:
    entries = model_entries(texts, ("whisper-base",))
    assert entries[0] == PickerEntry("", texts("settings.spoken.any-model"))
    assert [entry.value for entry in entries] == ["", "whisper-base"] and entries[1].name == "Whisper base"
