"""Foreign scripts in recognised texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.scripts import is_foreign


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("Hello, 42 € – naïve Ångström ½", ("zh",)),
        ("我们用 GitHub。", ("zh", "en")),
        ("ABC１２３ｄｅｆ", ("en",)),
        ("5 µm, 10 Ω, α and π", ("en",)),
        ("东京タワーへ行きます", ("ja",)),
        ("한국어 韓國", ("ko",)),
        ("ㄅㄆㄇ 注音", ("zh",)),
        ("Привет", ("en", "ru")),
        ("नमस्ते दुनिया", ("hi",)),
        ("ไทย", ("th",)),
        ("佢哋", ("yue",)),
        ("中文", ("zh-TW",)),
        ("Việt Nam", ("zh", "en")),
        ("어떤", ()),
        ("any 어떤", ("en", "xyz")),
        ("ー、。", ("en",)),
    ],
)
def test_text_in_scripts_of_the_languages_is_not_foreign(text: str, languages: tuple[str, ...]) -> None:
    assert not is_foreign(text, languages)


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("你好", ("en",)),
        ("こんにちは", ("zh", "en")),
        ("我们の", ("zh", "en")),
        ("ｱｲｳ", ("zh",)),
        ("감사합니다", ("zh", "en")),
        ("Γεια", ("en",)),
        ("Привет", ("zh", "en")),
        ("مرحبا", ("en",)),
        ("नमस्ते", ("zh", "en")),
        ("ᏣᎳᎩ", ("en",)),
        ("𠀀", ("en",)),
    ],
)
def test_text_with_a_letter_of_another_script_is_foreign(text: str, languages: tuple[str, ...]) -> None:
    assert is_foreign(text, languages)


@given(text=st.text(), languages=st.sets(st.sampled_from(["en", "zh", "ja", "ru", "ar", "hi"]), min_size=1))
def test_more_languages_never_make_a_text_foreign(text: str, languages: set[str]) -> None:
    assert not is_foreign(text, languages | {"ko"}) or is_foreign(text, languages)


@given(text=st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_latin_text_is_never_foreign(text: str) -> None:
    assert not is_foreign(text, ("zh",))
