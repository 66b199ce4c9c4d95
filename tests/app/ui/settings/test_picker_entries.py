"""Search in entries: names in any form, further words, and values that no entry has."""

import pytest

from app.ui.settings.picker_entries import PickerEntry, matching, with_unknown

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
