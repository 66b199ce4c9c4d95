"""Test errors and full stops of a recognised text against the spoken one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.scoring import edit_distance, score
from benchmarks.fidelity.text_comparison import (
    Counts,
    aligned,
    compare,
    foreign_characters,
    normalised,
    repeats,
    units,
    upper_bound,
)

ENGLISH = "If it rains, we stay here."
WORDS = st.lists(st.sampled_from("abc"), max_size=8)


@given(WORDS, WORDS)
def test_alignment_has_the_edit_distance_and_rising_boundaries(said: list[str], heard: list[str]) -> None:
    errors, before = aligned(said, heard)
    assert errors == edit_distance(said, heard)
    assert len(before) == len(said) + 1 and before == sorted(before) and before[-1] == len(heard)


@given(WORDS)
def test_alignment_of_equal_texts_is_the_identity(said: list[str]) -> None:
    assert aligned(said, said) == (0, list(range(len(said) + 1)))


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("Don't go, please.", "dont go please", "en"),
        ("我们下午三点见面。", "我們下午三点見。", "zh"),
        ("把PPT发给我", "把ppt发我", "zh"),
    ],
)
def test_errors_are_those_of_the_programs_own_score(said: str, heard: str, language: str) -> None:
    counts, own = compare(said, [], heard, language), score(said, heard, language)
    assert (counts.errors, counts.units) == (own.errors, own.units)


@pytest.mark.parametrize(
    ("words", "figures", "language"),
    [("The train leaves at seven fifteen.", "The train leaves at 7.15.", "en"), ("两点三十分", "2点30分", "zh")],
)
def test_number_in_figures_is_no_error_on_either_side(words: str, figures: str, language: str) -> None:
    assert compare(words, [], figures, language).errors == compare(figures, [], words, language).errors == 0
    assert compare(words, [], figures, language).units == len(units(words, language))


def test_wrong_figure_is_an_error() -> None:
    assert compare("on page nine", [], "on page 5", "en").errors == 1


def test_full_stop_at_pause_is_false_even_with_other_words_around() -> None:
    counts = compare(ENGLISH, ["If it rains,"], "If it rain. We stay here.", "en")
    assert counts == Counts(errors=1, units=6, pauses=1, false_stops=1, ends=1)


@pytest.mark.parametrize("heard", ["If it rains, we stay here.", "If it rains we stay here!"])
def test_comma_or_nothing_at_pause_is_no_false_stop(heard: str) -> None:
    assert compare(ENGLISH, ["If it rains,"], heard, "en").false_stops == 0


def test_point_within_a_number_is_no_full_stop() -> None:
    assert compare("It costs two fifty.", ["It costs two"], "It costs 2.50", "en").false_stops == 0


def test_full_stop_that_was_meant_is_no_false_stop() -> None:
    counts = compare("Come in. Sit down.", ["Come in."], "Come in. Sit down.", "en")
    assert (counts.pauses, counts.false_stops, counts.ends, counts.missing_stops) == (0, 0, 2, 0)


def test_missing_full_stops_are_counted_within_and_at_the_end() -> None:
    assert compare("吃了吗？我不饿。", [], "吃了吗我不饿", "zh").missing_stops == 2
    assert compare("吃了吗？我不饿。", [], "吃了吗？我不饿", "zh").missing_stops == 1


def test_empty_text_counts_every_unit_as_an_error() -> None:
    counts = compare(ENGLISH, ["If it rains,"], "", "en")
    assert (counts.errors, counts.units, counts.missing_stops, counts.false_stops) == (6, 6, 1, 0)


def test_full_width_forms_are_compared_as_half_width() -> None:
    assert [unit.text for unit in units(normalised("ＡＢ１２，", "zh"), "zh")] == list("ab十二")


def test_letters_of_other_scripts_are_foreign() -> None:
    assert foreign_characters("好的 OK, 12:30。") == 0
    assert foreign_characters("Tôi はい") == 3


def test_bound_of_equal_texts_is_zero() -> None:
    same = Counts(errors=1, units=10)
    assert upper_bound([(same, same)] * 5) == 0.0


def test_bound_exceeds_the_difference() -> None:
    worse, better = Counts(errors=2, units=10), Counts(errors=1, units=10)
    pairs = [(worse, better)] * 5 + [(better, better)] * 5
    assert 0.05 < upper_bound(pairs) <= 0.1


@pytest.mark.parametrize(
    ("text", "language", "loops"),
    [
        ("I'm sorry. " * 4, "en", True),
        ("I'm sorry. " * 3, "en", False),
        ("谢谢谢谢", "zh", True),
        ("爸爸妈妈都好", "zh", False),
        ("", "en", False),
    ],
)
def test_loop_is_a_phrase_four_times_in_a_row(text: str, language: str, loops: bool) -> None:
    assert repeats(text, language) is loops
