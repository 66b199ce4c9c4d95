from pathlib import Path

import pytest

from app.cli.words import language, texts
from app.core.states import State
from app.settings.path import settings_place


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


def choose(line: str) -> None:
    settings_place().parent.mkdir(parents=True, exist_ok=True)
    settings_place().write_text(line, encoding="utf-8")


@pytest.mark.parametrize(
    ("system", "settings", "found"),
    [
        ("en_NZ.UTF-8", "", "en"),
        ("zh_CN.UTF-8", "", "zh"),
        ("fr_FR.UTF-8", "", "en"),
        ("zh_CN.UTF-8", '[general]\nlanguage = "en"', "en"),
        ("C.UTF-8", '[general]\nlanguage = "zh"', "zh"),
        ("zh_CN.UTF-8", '[general]\nlanguage = "system"', "zh"),
        ("zh_CN.UTF-8", "[general]\nlanguage = 7", "zh"),
        ("C.UTF-8", "general = 1", "en"),
        ("C.UTF-8", "no TOML", "en"),
    ],
)
def test_language_is_that_of_the_windows(
    system: str, settings: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", system)
    if settings:
        choose(settings)
    assert language() == found


def test_states_have_the_words_of_the_windows() -> None:
    assert texts()(State.HELD.key) == "To paste"
    choose('[general]\nlanguage = "zh"')
    assert texts()(State.HELD.key) == "待粘贴"
