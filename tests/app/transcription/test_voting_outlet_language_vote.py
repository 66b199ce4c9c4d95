"""Votes on the language of a recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transcription.voting_outlet import (
    PER_PART,
    PER_RECORDING,
    PER_SPAN,
    SHORTEST,
    LanguageVote,
    VoteRules,
)
from protocol.audio import SAMPLE_RATE

SECOND = SAMPLE_RATE
SAID = st.lists(
    st.tuples(
        st.integers(0, 3 * SECOND),
        st.integers(0, 20 * SECOND),
        st.sampled_from(["zh", "en", "ZH-hant", "ja", "", "nospeech"]),
    ),
    max_size=12,
)


def voted(*said: tuple[float, str], rules: VoteRules = PER_RECORDING, pause_s: float = 0.0) -> str:
    """Return the language after segments of these seconds, one after the other, and a pause."""
    vote, at = LanguageVote(("zh", "en"), rules), 0
    for seconds, language in said:
        vote.language(at)
        vote.add_segment(at, int(seconds * SECOND))
        vote.result(at, int(seconds * SECOND), language)
        at += int(seconds * SECOND)
    return vote.language(at + int(pause_s * SECOND))


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ([], ""),
        ([(1.9, "zh")], ""),
        ([(2, "zh")], "zh"),
        ([(2, "zh"), (1.5, "en"), (1.5, "en")], "zh"),
        ([(2, "zh"), (2, "en")], ""),
        ([(4, "zh"), (2, "en")], "zh"),
        ([(3, "zh"), (2, "en")], ""),
        ([(2, "zh"), (8, "en")], "en"),
        ([(5, "vi"), (2, "zh")], "zh"),
        ([(3, "zh-TW")], "zh"),
        ([(5, "")], ""),
    ],
)
def test_language_with_a_clear_majority_of_duration_wins(said: list[tuple[float, str]], language: str) -> None:
    assert voted(*said) == language


def test_any_language_code_may_win_without_a_list() -> None:
    vote = LanguageVote()
    vote.result(0, SHORTEST, "nospeech")
    assert vote.language(SHORTEST) == ""
    vote.result(0, SHORTEST, "vi")
    assert vote.language(SHORTEST) == "vi"


def test_votes_of_less_audio_than_the_speech_do_not_count() -> None:
    vote = LanguageVote(("zh", "en"))
    vote.result(0, 3 * SECOND, "en")
    assert vote.language(0, 2 * SECOND) == "en"
    assert vote.language(0, 5 * SECOND) == "", "the engine hears all of it"
    vote.result(3 * SECOND, 3 * SECOND, "en")
    assert vote.language(6 * SECOND, 5 * SECOND) == "en"


def test_span_ends_at_a_pause() -> None:
    assert voted((5, "zh"), rules=PER_SPAN, pause_s=1.5) == "zh"
    assert voted((5, "zh"), rules=PER_SPAN, pause_s=1.6) == ""
    assert voted((5, "zh"), rules=PER_RECORDING, pause_s=600) == "zh"


def test_old_votes_do_not_count_without_a_pause() -> None:
    assert voted((5, "zh"), (25, ""), rules=PER_SPAN) == "zh"
    assert voted((5, "zh"), (26, ""), rules=PER_SPAN) == ""
    assert voted((5, "zh"), (296, ""), rules=PER_PART) == ""


def test_late_result_of_an_earlier_span_does_not_count() -> None:
    vote = LanguageVote((), PER_SPAN)
    vote.add_segment(0, 5 * SECOND)
    assert vote.language(8 * SECOND) == ""
    vote.result(0, 5 * SECOND, "zh")
    vote.add_segment(8 * SECOND, SECOND)
    assert vote.language(9 * SECOND) == ""


@given(said=SAID, rules=st.sampled_from([PER_RECORDING, PER_SPAN, PER_PART]))
def test_winner_is_listed_and_has_two_thirds_of_long_results(
    said: list[tuple[int, int, str]], rules: VoteRules
) -> None:
    vote, at = LanguageVote(("zh", "en"), rules), 0
    seconds = {"zh": 0, "en": 0}
    for pause, samples, language in said:
        at += pause
        winner = vote.language(at)
        assert winner in {"", "zh", "en"}
        if rules is PER_RECORDING:
            total = sum(seconds.values())
            assert winner == next((code for code, most in seconds.items() if total and 3 * most >= 2 * total), "")
        vote.add_segment(at, samples)
        vote.result(at, samples, language)
        code = language.lower().partition("-")[0]
        if code in seconds and samples >= SHORTEST:
            seconds[code] += samples
        at += samples
