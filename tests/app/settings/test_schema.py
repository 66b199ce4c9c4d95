from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dictation.gestures import TalkMode
from app.insertion.plan import Newline, ProgramRule, Strategy
from app.replacements.rules import Replacement
from app.settings.errors import BadSetting
from app.settings.schema import Setting, all_settings, as_written, change_setting, from_mapping, unknown_names
from app.settings.sections import Settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"
NAMES = sorted(all_settings())


def row(setting: Setting) -> str:
    """Return the line of this setting in the documentation's table."""
    default = setting.default
    shown = f"[{', '.join(default)}]" if isinstance(default, tuple) else str(default)
    shown = shown.lower() if isinstance(default, bool) else shown
    return (
        f"| `{setting.key}` | {f'`{shown}`' if shown else 'empty'} | {setting.allowed} | {setting.description} |"
    )


# -- documentation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented(name: str) -> None:
    setting = all_settings()[name]
    part = DOCUMENT.read_text().partition(f"\n## [{setting.section}]\n")[2].partition("\n## ")[0]
    assert row(setting) in part.splitlines(), f"docs/settings.md lacks under [{setting.section}]:\n{row(setting)}"


def test_documentation_lists_only_existing_settings() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(row(setting) for setting in all_settings().values())


def test_documentation_rows_are_inside_tables() -> None:
    lines = DOCUMENT.read_text().splitlines()
    torn = [line for before, line in pairwise(lines) if line.startswith("| `") and not before.startswith("|")]
    assert torn == []


@pytest.mark.parametrize("name", [name for name in NAMES if all_settings()[name].row])
def test_every_column_of_a_list_of_tables_is_documented(name: str) -> None:
    part = DOCUMENT.read_text().partition(f"\n### [[{name}]]\n")[2].partition("\n## ")[0]
    documented = [line.split("`")[1] for line in part.splitlines() if line.startswith("- `")]
    assert documented == [one.name for one in fields(all_settings()[name].row)]


# -- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_default_of_every_setting_is_valid(name: str) -> None:
    default = all_settings()[name].default
    assert change_setting(Settings(), name, as_written(default)) == Settings()


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("hotkeys.mode", "hands-free", TalkMode.HANDS_FREE),
        ("insertion.newline", "space", Newline.SPACE),
        ("hotkeys.dictate", "", ""),
        ("hotkeys.cancel", "ctrl+alt+x", "ctrl+alt+x"),
        ("recognition.language", "yue", "yue"),
        ("recognition.languages", "system\nyue", ("system", "yue")),
        ("recognition.languages", [], ()),
        ("recognition.hotwords", ["pounamu", "翡翠"], ("pounamu", "翡翠")),
        ("recognition.hotwords", "pounamu\n\n 翡翠 ", ("pounamu", "翡翠")),
        ("gateway.url", "https://desktop.local:8443", "https://desktop.local:8443"),
        ("worker.on", False, False),
        ("history.days", 0, 0),
        (
            "recognition.replacements",
            ({"hears": "um"}, {"hears": "git hub", "writes": "GitHub", "whole_word": False, "later": 1}),
            (Replacement("um"), Replacement("git hub", "GitHub", whole_word=False)),
        ),
        (
            "insertion.programs",
            [{"program": "slack", "strategy": "type"}, {"program": "x", "hold": True}],
            (ProgramRule("slack", Strategy.TYPE), ProgramRule("x", hold=True)),
        ),
    ],
)
def test_valid_value_is_accepted(name: str, written: object, value: object) -> None:
    assert all_settings()[name].of_settings(change_setting(Settings(), name, written)) == value


@pytest.mark.parametrize(
    ("name", "written", "description"),
    [
        ("hotkeys.mode", "telepathy", "invalid value 'telepathy': expected hold, toggle, hybrid, hands-free"),
        ("hotkeys.dictate", "d", "add ctrl, alt or super"),
        ("general.sounds", "yes", "expected true, false"),
        ("general.sounds", 1, "expected true, false"),
        ("general.language", "tlh", "expected system, en, zh"),
        ("audio.microphone", 3, "expected text"),
        ("audio.microphone", "x" * 2_000, "expected text"),
        ("recognition.language", "English", "auto, or a code of ISO 639"),
        ("recognition.languages", ["auto"], "codes of ISO 639 such as en or zh, or system"),
        ("recognition.languages", ["Chinese"], "codes of ISO 639"),
        ("recognition.languages", ["en"] * 31, "at most 30 codes"),
        ("recognition.hotwords", ["x" * 65], "at most 512 words of 1 to 64 characters"),
        ("recognition.hotwords", ["x"] * 513, "at most 512 words"),
        ("recognition.hotwords", [3], "expected list of texts"),
        ("recognition.model", "../x", "a name as"),
        ("gateway.url", "ftp://host", "https://HOST:PORT"),
        ("gateway.url", "http://host:99999", "https://HOST:PORT"),
        ("gateway.url", "http://[", "https://HOST:PORT"),
        ("history.days", "30", "expected whole number"),
        ("history.days", True, "expected whole number"),
        ("history.days", 1.5, "expected whole number"),
        ("history.days", -1, "a number from 0 to 36500"),
        ("history.megabytes", 10**30, "a number from 0 to 100000000"),
        ("recognition.replacements", "um", "invalid value 'um': expected list of tables"),
        ("recognition.replacements", [{"hears": "um"}, "x"], "(row 2): expected a table, not 'x'"),
        ("recognition.replacements", [{"writes": "um"}], "(row 1): it has no `hears`"),
        ("recognition.replacements", [{"hears": 3}], "(row 1): `hears`: invalid value 3: expected text"),
        ("recognition.replacements", [{"hears": ""}], "(row 1): `hears` is empty"),
        ("recognition.replacements", [{"hears": "A"}, {"hears": "a"}], "(row 2): an earlier row has the"),
        ("insertion.programs", [{"program": "x", "strategy": "shout"}], "expected automatic, paste, type"),
        (
            "insertion.programs",
            [{"program": "x"}, {"program": "X.exe"}],
            "(row 2): an earlier row is for",
        ),
        ("hotkeys.shout", "f9", "unknown setting"),
        ("hotkeys", {}, "unknown setting"),
    ],
)
def test_error_for_an_invalid_value_reports_the_allowed_ones(name: str, written: object, description: str) -> None:
    with pytest.raises(BadSetting) as error:
        change_setting(Settings(), name, written)
    assert description in str(error.value) and error.value.name == name


def test_invalid_rows_are_left_out() -> None:
    rows = [{"hears": "a"}, {"hears": ""}, {"hears": "b", "writes": 3}, {"hears": "A"}, {"hears": "c"}]
    settings, bad = from_mapping({"recognition": {"replacements": rows}})
    assert [rule.hears for rule in settings.recognition.replacements] == ["a", "c"]
    assert [error.row for error in bad] == [2, 3, 4]
    assert from_mapping({"recognition": {"replacements": 3}})[1][0].row is None


def test_mapping_gives_its_values_and_defaults_for_the_rest() -> None:
    document = {
        "general": {"language": "zh", "sounds": "loud"},
        "hotkeys": "f9",
        "worker": {"on": False, "colour": "green"},
        "plugins": {"x": 1},
    }
    settings, bad = from_mapping(document)
    assert settings.general.language == "zh" and settings.general.sounds and not settings.worker.on
    assert [error.name for error in bad] == ["general.sounds", "hotkeys"]
    assert sorted(unknown_names(document)) == ["plugins", "worker.colour"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from([name.partition(".")[2] for name in NAMES]) | st.text(max_size=8)


@given(
    st.dictionaries(
        st.sampled_from([one.name for one in fields(Settings)]) | st.text(max_size=8),
        st.dictionaries(KEYS, JSON, max_size=4) | JSON,
        max_size=4,
    )
)
def test_any_mapping_gives_valid_settings(document: dict[str, Any]) -> None:
    settings, bad = from_mapping(document)
    for setting in all_settings().values():
        value = setting.of_settings(settings)
        assert setting.value(as_written(value)) == value
    assert all(error.name for error in bad)
