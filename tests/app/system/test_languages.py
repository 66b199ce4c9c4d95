import pytest

from app.system.languages import system_language


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, ""),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_NZ"}, "en"),
        ({"LANG": "mi"}, "mi"),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "POSIX"}, ""),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "", "LC_MESSAGES": "de_DE@euro"}, "de"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "fil:en"}, "fil"),
    ],
)
def test_language_follows_the_environment(environ: dict[str, str], language: str) -> None:
    assert system_language("linux", environ) == language


@pytest.mark.parametrize(("name", "language"), [("zh-Hans_CN\n", "zh"), ("en_NZ", "en"), ("", "")])
@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_language_follows_the_locale_elsewhere(platform: str, name: str, language: str) -> None:
    assert system_language(platform, {"LANG": "fr_FR"}, lambda: name) == language
