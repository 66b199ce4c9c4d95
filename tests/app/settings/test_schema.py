from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gestures import TalkMode
from app.insertion.plan import Newline
from app.settings.errors import BadSetting
from app.settings.schema import Setting, all_settings, changed, from_mapping, unknown_names
from app.settings.sections import Settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"
NAMES = sorted(all_settings())


def row(setting: Setting) -> str:
    """Its line in the documentation's table."""
    default = setting.default
    shown = f"[{', '.join(default)}]" if isinstance(default, tuple) else str(default)
    shown = shown.lower() if isinstance(default, bool) else shown
    return f"| `{setting.key}` | {f'`{shown}`' if shown else 'empty'} | {setting.allowed} | {setting.says} |"


# -- documentation -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented_as_it_is(name: str) -> None:
    setting = all_settings()[name]
    part = DOCUMENT.read_text().partition(f"\n## [{setting.section}]\n")[2].partition("\n## ")[0]
    assert row(setting) in part.splitlines(), f"docs/settings.md lacks under [{setting.section}]:\n{row(setting)}"


def test_nothing_is_documented_that_is_not_there() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(row(setting) for setting in all_settings().values())


# -- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_each_default_is_allowed(name: str) -> None:
    default = all_settings()[name].default
    written = list(default) if isinstance(default, tuple) else default
    assert changed(Settings(), name, written) == Settings()


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("hotkeys.mode", "hands-free", TalkMode.HANDS_FREE),
        ("insertion.newline", "space", Newline.SPACE),
        ("hotkeys.dictate", "", ""),
        ("hotkeys.cancel", "ctrl+alt+x", "ctrl+alt+x"),
        ("recognition.language", "yue", "yue"),
        ("recognition.hotwords", ["pounamu", "翡翠"], ("pounamu", "翡翠")),
        ("recognition.hotwords", "pounamu\n\n 翡翠 ", ("pounamu", "翡翠")),
        ("gateway.url", "https://desktop.local:8443", "https://desktop.local:8443"),
        ("worker.on", False, False),
        ("history.days", 0, 0),
    ],
)
def test_what_may_be(name: str, written: object, value: object) -> None:
    assert all_settings()[name].of_settings(changed(Settings(), name, written)) == value


@pytest.mark.parametrize(
    ("name", "written", "says"),
    [
        ("hotkeys.mode", "telepathy", "'telepathy' cannot be: it may be hold, toggle, hybrid, hands-free"),
        ("hotkeys.dictate", "d", "add ctrl, alt or super"),
        ("general.sounds", "yes", "it may be true, false"),
        ("general.sounds", 1, "it may be true, false"),
        ("general.language", "tlh", "it may be system, en, zh"),
        ("audio.microphone", 3, "it may be text"),
        ("audio.microphone", "x" * 2_000, "it may be text"),
        ("recognition.language", "English", "auto, or a code of ISO 639"),
        ("recognition.hotwords", ["x" * 65], "at most 512 words of 1 to 64 characters"),
        ("recognition.hotwords", ["x"] * 513, "at most 512 words"),
        ("recognition.hotwords", [3], "it may be list of texts"),
        ("recognition.model", "../x", "a name as"),
        ("gateway.url", "ftp://host", "http(s)://HOST:PORT"),
        ("gateway.url", "http://host:99999", "http(s)://HOST:PORT"),
        ("gateway.url", "http://[", "http(s)://HOST:PORT"),
        ("history.days", "30", "it may be whole number"),
        ("history.days", True, "it may be whole number"),
        ("history.days", 1.5, "it may be whole number"),
        ("history.days", -1, "a number from 0 to 36500"),
        ("history.megabytes", 10**30, "a number from 0 to 100000000"),
        ("hotkeys.shout", "f9", "there is no such setting"),
        ("hotkeys", {}, "there is no such setting"),
    ],
)
def test_what_may_not_be_says_what_may(name: str, written: object, says: str) -> None:
    with pytest.raises(BadSetting) as error:
        changed(Settings(), name, written)
    assert says in str(error.value) and error.value.name == name


def test_a_mapping_gives_what_it_says_and_defaults_for_the_rest() -> None:
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
def test_any_mapping_gives_settings(document: dict[str, Any]) -> None:
    settings, bad = from_mapping(document)
    for setting in all_settings().values():
        value = setting.of_settings(settings)
        assert setting.value(list(value) if isinstance(value, tuple) else value) == value
    assert all(error.name for error in bad)
