"""Test numbers that are read out."""

import pytest

from benchmarks.fidelity.numbers import read_out


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ("page 9, room 0", "page nine, room zero"),
        ("$350,000 or 4,000 pipes", "$three hundred fifty thousand or four thousand pipes"),
        ("at 7.15 or 10:30", "at seven fifteen or ten thirty"),
        (
            "the 17th, 21st, 20th, 12th, 2nd and 100th",
            "the seventeenth, twenty first, twentieth, twelfth, second and one hundredth",
        ),
        ("2012, 1998, 1900", "two thousand twelve, nineteen ninety eight, one thousand nine hundred"),
        ("call 555-2389, code 007", "call five five five two three eight nine, code zero zero seven"),
        (
            "1,234,567 or 12,34",
            "one million two hundred thirty four thousand five hundred sixty seven or twelve,thirty four",
        ),
        ("5552389", "five five five two three eight nine"),
        ("1234567890", "one two three four five six seven eight nine zero"),
    ],
)
def test_english_figures_are_read_out(figures: str, words: str) -> None:
    assert read_out(figures, "en") == words


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ("42块，88号，10点，115", "四十二块，八十八号，十点，一百一十五"),
        ("100，105，110，0", "一百，一百零五，一百一十，零"),
        ("500万，12.06", "五百万，十二点零六"),
        ("3500，2000，3827，2024年，007", "三千五百，二千，三八二七，二零二四年，零零七"),
        ("1,200", "一千二百"),
    ],
)
def test_mandarin_figures_are_read_out(figures: str, words: str) -> None:
    assert read_out(figures, "zh") == words


def test_words_stay_but_for_the_and_within_a_number() -> None:
    assert (
        read_out("Three hundred and fifty, a hundred and more.", "en")
        == "Three hundred fifty, a hundred and more."
    )
    assert read_out("I read the second chapter.", "en") == "I read the second chapter."


def test_both_mandarin_words_for_two_are_one() -> None:
    assert read_out("两百二十两", "zh") == "二百二十二"


def test_signs_and_letters_beside_figures_stay() -> None:
    assert read_out("11% of the 90s", "en") == "eleven% of the 90s"
