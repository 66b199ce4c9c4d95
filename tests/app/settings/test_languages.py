from pathlib import Path

import pytest

from app.settings.languages import languages_now, options_of, spoken_languages
from app.settings.sections import RecognitionSection, Settings
from runtime.folders import folders


@pytest.mark.parametrize(
    ("section", "own", "languages"),
    [
        (RecognitionSection(), ("zh", ""), ("zh", "en")),
        (RecognitionSection(), ("en", "zh"), ("en", "zh")),
        (RecognitionSection(), ("en", ""), ()),
        (RecognitionSection(languages=("en",)), ("en", ""), ("en",)),
        (RecognitionSection(), ("", ""), ()),
        (RecognitionSection(languages=("zh", "de")), ("", ""), ("zh", "de")),
        (RecognitionSection(languages=()), ("zh", ""), ()),
        (RecognitionSection("ja"), ("zh", ""), ("ja", "zh", "en")),
        (RecognitionSection("en"), ("zh", ""), ("en", "zh")),
        (RecognitionSection("ja", ()), ("zh", ""), ()),
    ],
)
def test_languages_follow_the_settings(
    section: RecognitionSection, own: tuple[str, ...], languages: tuple[str, ...]
) -> None:
    assert spoken_languages(section, own) == languages


def test_options_have_the_languages() -> None:
    options = options_of(Settings(recognition=RecognitionSection(languages=("zh", "de"), model="m")))
    assert (options.languages, options.model) == (("zh", "de"), "m")


def test_commands_use_the_languages_of_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    folders().config.mkdir(parents=True)
    place = folders().config / "settings.toml"
    place.write_text('[recognition]\nlanguage = "ja"\nlanguages = ["zh", "en"]\n')
    assert languages_now("auto") == ("zh", "en"), "the command has an option for the spoken language"
    assert languages_now("fr") == ("fr", "zh", "en")
