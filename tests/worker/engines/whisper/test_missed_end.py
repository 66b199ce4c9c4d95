"""Test when the result of a short window is used. The values are measured ones of whisper-base."""

from typing import Any

import pytest

from tests.worker.engines.whisper.test_no_speech import GOOD, LOOP
from worker.engines.whisper.missed_end import better_result, is_acceptable, is_in_bounds
from worker.engines.whisper.no_speech import is_probable, is_speech


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 2.0),
        ({"end_s": 2.5}, 2.0),
        ({"end_s": 3.0}, 2.1),
        ({"end_s": 24.56}, 23.85),
        ({"text": "No", "tokens": (1,), "end_s": 2.0}, 1.0),
        ({"tokens": (1,) * 16}, 2.0),
        ({"no_speech": 0.6}, 2.0),
        ({"text": "No, no, no."}, 2.0),
    ],
)
def test_plausible_text_of_a_short_window_is_used(changes: dict[str, Any], seconds: float) -> None:
    result = GOOD._replace(**changes)
    assert is_acceptable(result) and is_in_bounds(result, seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"end_s": 2.6},
        {"end_s": 4.0},
        {"tokens": (1,) * 17},
        {"no_speech": 0.61},
        {"log_probability": -0.81, "no_speech": 0.16},
        {"text": "I left my umbrella. I left my umbrella."},
    ],
)
def test_implausible_text_of_a_short_window_is_not_used(changes: dict[str, Any]) -> None:
    result = GOOD._replace(**changes)
    assert not (is_acceptable(result) and is_in_bounds(result, 2.0))


def test_improbable_text_of_certain_speech_is_used_but_no_rest_of_a_text() -> None:
    misheard = GOOD._replace(log_probability=-1.11, no_speech=0.08)
    assert is_acceptable(misheard) and not is_probable(misheard)


def test_more_probable_window_decides_unless_it_loops() -> None:
    unlikely = GOOD._replace(text="Good night.", log_probability=-1.05)
    assert better_result(unlikely, GOOD, 2.0) == GOOD
    assert better_result(GOOD, unlikely, 2.0) == GOOD
    assert better_result(LOOP, unlikely, 2.0) == unlikely


def test_long_window_decides_when_the_short_one_is_out_of_bounds() -> None:
    unlikely = GOOD._replace(log_probability=-1.05)
    assert better_result(unlikely, GOOD._replace(end_s=9.0), 2.0) is unlikely
    assert better_result(LOOP, LOOP, 2.0) is LOOP


@pytest.mark.parametrize(
    ("short", "no_speech", "spoken"),
    [
        ("I'm sorry, " * 99, 0.54, False),
        ("I'm sorry, " * 99, 0.2, True),
        ("Thank you for watching, " + "see you, " * 50, 0.54, True),
    ],
    ids=["breathing", "surely speech", "words in both"],
)
def test_words_before_a_loop_of_sounds_are_in_both_windows(short: str, no_speech: float, spoken: bool) -> None:
    goodbye = GOOD._replace(text="Thank you for watching, " + "bye, " * 200, no_speech=0.56)
    assert is_speech(better_result(goodbye, LOOP._replace(text=short, no_speech=no_speech), 23.0)) is spoken


def test_long_window_decides_that_no_one_spoke() -> None:
    noise = LOOP._replace(no_speech=0.77)
    assert better_result(noise, GOOD, 2.0) is noise and not is_speech(noise)


def test_long_window_proves_speech_although_the_short_text_is_better() -> None:
    short = GOOD._replace(text="可以。", log_probability=-0.73, no_speech=0.85)
    long = GOOD._replace(text="可以。", log_probability=-0.9, no_speech=0.48)
    assert not is_speech(short) and is_speech(better_result(long, short, 2.0))
