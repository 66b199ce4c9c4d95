"""Test where speech is found that the text of a window lacks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engines.whisper.pauses import (
    LOUD,
    are_alike,
    count_sounds,
    first_sound,
    pause_before,
    pause_before_wordless_sound,
    place_of_each_sound,
    place_of_sounds,
    sounds_from,
    speech_after,
    speech_after_word,
    speech_between,
    with_short_pauses,
)


def features(*parts: int) -> npt.NDArray[np.float32]:
    """Return features of speech and pauses in turn, of these numbers of frames."""
    levels = [np.full(frames, 1.0 if place % 2 == 0 else -0.5, np.float32) for place, frames in enumerate(parts)]
    return np.stack([np.concatenate(levels)] * 2)


def test_pauses_are_short_and_speech_stays() -> None:
    found = with_short_pauses(features(100, 90, 50, 20, 50, 40))
    assert found.shape == (2, 100 + 25 + 50 + 20 + 50 + 25)
    assert np.count_nonzero(found[0] > 0) == 200


def test_loudest_part_omits_blocks_that_are_15_db_quieter() -> None:
    found = features(300, 100, 300)
    found[:, 400:] = 0.6
    assert with_short_pauses(found).shape[1] == 625
    assert with_short_pauses(found, LOUD).shape[1] == 325


def test_sounds_as_long_as_a_word_are_counted() -> None:
    assert count_sounds(features(40, 30, 20, 30, 60, 15, 60)) == 2


@pytest.mark.parametrize(
    ("parts", "alike"),
    [
        ((40, 30, 60, 30, 50), True),
        ((40, 30, 61), False),
        ((29, 30, 29), False),
        ((121, 30, 121), False),
        ((120,), True),
    ],
    ids=["words", "of different length", "clicks", "breaths", "one"],
)
def test_sounds_are_alike_if_they_are_words_of_similar_length(parts: Sequence[int], alike: bool) -> None:
    assert are_alike(features(*parts)) is alike


def test_sounds_have_a_short_pause_around_them() -> None:
    assert place_of_sounds(features(0, 60, 40, 50, 40, 50, 40), 0, 2) == (40, 210)
    assert place_of_sounds(features(40, 50, 40, 50, 40, 5), 1, 3) == (70, 225)


@pytest.mark.parametrize(("parts", "first"), [((0, 60, 40), 40), ((0, 15, 40), 0), ((100, 60), 0)])
def test_silence_before_the_first_sound_is_found_but_for_its_end(parts: Sequence[int], first: int) -> None:
    assert first_sound(features(*parts)) == first


def test_words_that_are_timed_in_a_pause_begin_with_the_sound_after_it() -> None:
    assert sounds_from(features(0, 60, 40, 100, 20), [0, 60, 99, 100, 199, 210, 230]) == [
        *(60, 60, 99),
        *(200, 200, 210, 230),
    ]
    assert sounds_from(features(9), []) == []


@pytest.mark.parametrize(
    ("parts", "end"),
    [
        ((200, 100, 100), 200),
        ((200, 100, 100), 160),
        ((200, 100, 100), 290),
        ((100, 30, 70, 100, 30, 0), 200),
        ((200, 100, 20, 25, 20), 200),
    ],
    ids=["end of speech", "early", "late", "second pause", "rest with a pause"],
)
def test_speech_after_the_pause_at_the_end_is_missed(parts: Sequence[int], end: int) -> None:
    assert speech_after(features(*parts), end) == 280


@pytest.mark.parametrize(
    ("word", "parts", "place"),
    [
        (150, (200, 100, 100), 280),
        (250, (200, 100, 100), 0),
        (150, (200, 19, 100), 0),
        (150, (200, 100, 29), 0),
        (150, (100, 30, 70, 100, 30), 280),
    ],
    ids=["pause", "word after it", "short pause", "short sound", "earlier pause"],
)
def test_speech_after_the_first_pause_after_a_word_is_found(word: int, parts: Sequence[int], place: int) -> None:
    assert speech_after_word(features(*parts), word) == place


@pytest.mark.parametrize(
    ("words", "parts", "place"),
    [
        ((10, 390), (100, 50, 100, 50, 100), (99, 130)),
        ((10, 140, 390), (100, 50, 100, 50, 100), None),
        ((10, 300), (100, 50, 29, 50, 100), None),
        ((10, 190), (100, 50, 100, 50, 100), (249, 280)),
        ((10, 160, 420), (100, 50, 130, 50, 100), (99, 130)),
        ((10, 160, 220, 420), (100, 50, 130, 50, 100), None),
        ((150,), (100, 50, 100), None),
    ],
    ids=["middle", "word shortly before", "short sound", "end", "one word in 1.3 s", "two", "begin"],
)
def test_pause_before_sound_in_which_hardly_a_word_begins_is_found(
    words: Sequence[int], parts: Sequence[int], place: tuple[int, int] | None
) -> None:
    assert pause_before_wordless_sound(features(*parts), words) == place


@pytest.mark.parametrize(
    ("parts", "end"),
    [
        ((200,), 200),
        ((300,), 100),
        ((200, 100), 200),
        ((200, 100, 29), 200),
        ((200, 19, 100), 200),
        ((200, 100, 100), 400),
        ((200, 100, 100), 100),
        ((20, 40, 100), 20),
    ],
    ids=["all read", "no pause", "silence", "short", "short pause", "read", "end in speech", "at once"],
)
def test_window_is_decoded_without_speech_after_a_pause_at_the_end(parts: Sequence[int], end: int) -> None:
    assert speech_after(features(*parts), end) == 0


@pytest.mark.parametrize(
    ("parts", "phrases", "place"),
    [
        ((200, 50, 100, 50, 200), (200, 400), (230, 370)),
        ((200, 50, 100, 50, 200), (240, 360), (230, 370)),
        ((200, 50, 40, 50, 60, 50, 200), (200, 450), (230, 420)),
        ((0, 60, 100, 50, 200), (0, 210), (40, 180)),
        ((200, 50, 29, 50, 200), (200, 329), None),
        ((200, 50, 100, 50, 200), (265, 400), None),
        ((200, 50, 100, 50, 200), (200, 335), None),
        ((200, 10, 100, 50, 200), (200, 360), None),
        ((200, 100, 200), (200, 300), None),
        ((200, 100, 200), (300, 200), None),
    ],
    ids=[
        *("left out", "ends stated within it", "with a pause", "at the start"),
        *("short", "begun before", "goes on", "no pause", "pause", "phrases that overlap"),
    ],
)
def test_speech_between_phrases_is_found_if_pauses_part_it_from_both(
    parts: Sequence[int], phrases: tuple[int, int], place: tuple[int, int] | None
) -> None:
    assert speech_between(features(*parts), *phrases) == place


@given(st.lists(st.integers(1, 120), min_size=1, max_size=8), st.integers(0, 1000))
def test_missed_speech_begins_after_half_a_second_and_after_what_was_decoded(parts: list[int], end: int) -> None:
    found = features(*parts)
    at = speech_after(found, end)
    assert at == 0 or (at >= max(50, end - 30) and found[0, at : at + 20].max() < 0 < found[0, at + 20])


@pytest.mark.parametrize(
    ("parts", "end", "place"),
    [((100, 30, 70, 25, 100), 300, 205), ((100, 30, 70, 25, 100), 270, 110), ((100, 19, 70), 189, 0)],
    ids=["last", "too near", "short"],
)
def test_pause_before_the_last_decoded_speech_is_found(parts: Sequence[int], end: int, place: int) -> None:
    assert pause_before(features(*parts), end) == place


def test_each_sound_has_a_short_pause_around_it() -> None:
    found = features(100, 50, 150, 50, 150, 100, 40, 5)
    assert place_of_each_sound(found) == [(0, 120), (130, 320), (330, 520), (580, 645)]
