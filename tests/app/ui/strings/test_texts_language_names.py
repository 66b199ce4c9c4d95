"""Names of spoken languages: every one of the catalogue, in both languages, in short lists."""

import pytest

from app.core.sentences import LANGUAGES
from app.ui.strings.texts import Texts, language_name, languages_by_name, languages_text
from speech.models.catalogue import load_catalogue

EN, ZH = Texts("en"), Texts("zh")
MANY = load_catalogue().model("whisper-base").languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_catalogue_has_a_name(language: str) -> None:
    texts = Texts(language)
    codes = {code for model in load_catalogue().models for code in model.languages}
    assert [code for code in sorted(codes) if language_name(texts, code) == code] == []


def test_unknown_language_stands_for_itself() -> None:
    assert language_name(EN, "tlh") == "tlh"


def test_languages_are_ordered_by_their_names() -> None:
    assert languages_by_name(EN, ("zh", "de", "yue")) == [
        ("yue", "Cantonese"),
        ("zh", "Chinese"),
        ("de", "German"),
    ]


def test_few_languages_are_all_named_with_those_of_the_user_first() -> None:
    assert languages_text(EN, ("ja", "en", "yue"), ("yue",)) == "Cantonese, English and Japanese"
    assert languages_text(ZH, ("zh", "en")) == "中文和英语"
    assert languages_text(EN, ("mt",)) == "Maltese"


def test_many_languages_are_two_names_and_a_number() -> None:
    assert languages_text(EN, MANY) == f"Chinese, English and {len(MANY) - 2} more"
    assert languages_text(EN, MANY, ("de", "xx")) == f"German, Chinese and {len(MANY) - 2} more"
    assert languages_text(ZH, MANY) == f"中文、英语及其他 {len(MANY) - 2} 种语言"
