"""Test the padding of features, and which tokens of a window are phrases."""

from math import inf

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from worker.engines.whisper_reader import (
    LONGEST_FRAMES,
    Marks,
    echoes_prompt,
    finished,
    padded,
    timed,
    without_doubtful_stops,
    written,
)

TEXT = -1.0


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize(
    "times",
    [
        [],
        [0.0, TEXT, 4.0],
        [0.0, TEXT, 2.0, 2.0, TEXT, 4.0],
        [0.0, TEXT],
        [TEXT, TEXT],
        [0.0, 0.0, TEXT, 1.0],
        [0.0, TEXT, 0.5, 0.5],
    ],
)
def test_window_is_finished_when_its_last_phrase_has_an_end(times: list[float], goes_on: bool) -> None:
    assert finished(times, goes_on) == (len(times), None)


def test_phrase_without_end_is_read_again_only_if_audio_follows() -> None:
    times = [0.0, TEXT, 2.0, 2.0, TEXT]
    assert finished(times, True) == (3, 2.0)
    assert finished(times, False) == (5, None)


@pytest.mark.parametrize("goes_on", [True, False])
def test_reading_goes_on_where_whisper_announced_another_phrase(goes_on: bool) -> None:
    assert finished([0.0, TEXT, 2.0, 2.2, TEXT, 4.0, 4.0], goes_on) == (6, 4.0)


def test_phrase_that_would_not_advance_is_not_read_again() -> None:
    assert finished([0.0, TEXT, 0.98, 0.98], True) == (4, None)


@pytest.mark.parametrize("level", [0.5, 0.001])
def test_padding_has_the_features_of_silent_samples(level: float) -> None:
    second = 16_000
    voice = (np.random.default_rng(1).standard_normal(2 * second) * level).astype(np.float32)
    whole = FeatureExtractor()(np.concatenate([voice, np.zeros(30 * second, np.float32)]))[:, :-1]
    made = padded(FeatureExtractor()(voice)[:, :-1])
    assert made.shape == (80, 200 + LONGEST_FRAMES) == whole.shape and made.dtype == np.float32
    np.testing.assert_allclose(made[:, 202:], whole[:, 202:], atol=1e-6)


@pytest.mark.parametrize(
    ("times", "phrases"),
    [
        ([], []),
        ([TEXT, TEXT], []),
        ([0.0, TEXT, TEXT, 4.0], [(1, 3, 0.0, 4.0)]),
        ([0.2, TEXT, 2.0, 2.4, TEXT, 4.0, 4.0], [(1, 2, 0.2, 2.0), (4, 5, 2.4, 4.0)]),
        ([0.0, TEXT, 2.0, 2.0, TEXT, TEXT], [(1, 2, 0.0, 2.0), (4, 6, 2.0, inf)]),
    ],
)
def test_phrase_lies_between_its_timestamps(
    times: list[float], phrases: list[tuple[int, int, float, float]]
) -> None:
    assert list(timed(times)) == phrases


END, STOP, COMMA, TIME = 100, 9, 8, 101


@pytest.mark.parametrize(
    ("stop", "comma", "nothing", "kept"),
    [
        (0.9, 0.9, 0.9, True),
        (0.7, 0.1, 0.1, True),
        (0.2, 0.5, 0.1, True),
        (0.1, 0.5, 0.1, False),
        (0.1, 0.01, 0.4, False),
    ],
)
@pytest.mark.parametrize(
    ("tokens", "place"), [([TIME, 1, STOP, TIME, 2, STOP], 2), ([1, 2, STOP, 3, 4], 2), ([1, STOP] + [5] * 20, 1)]
)
def test_full_stop_within_a_text_stays_only_if_it_is_more_probable_than_a_comma(
    stop: float, comma: float, nothing: float, kept: bool, tokens: list[int], place: int
) -> None:
    text = [token for token in tokens if token < END]
    at = text.index(STOP)

    def probabilities(asked: list[int]) -> list[float]:
        assert asked[:at] == text[:at]
        first = {STOP: stop, COMMA: comma}.get(asked[at], nothing)
        return [0.9] * at + [first] + [1.0] * (len(asked) - at - 1)

    expected = list(tokens) if kept else [*tokens[:place], COMMA, *tokens[place + 1 :]]
    heard = probabilities if stop == 0.9 else lambda asked: [0.5] * len(asked)
    assert without_doubtful_stops(tokens, Marks(END, STOP, COMMA), heard, probabilities) == expected


def test_doubted_full_stops_are_compared_in_three_alignments_in_all() -> None:
    asked: list[list[int]] = []

    def probabilities(text: list[int]) -> list[float]:
        asked.append(text)
        worse = {COMMA: 0.5, 3: 0.01} if len(asked) > 1 else {}
        return [{STOP: 0.1, **worse}.get(token, 1.0) for token in text]

    tokens = [1, STOP, 2, STOP, 3, 3, STOP, 4, STOP]
    kept = without_doubtful_stops(tokens, Marks(END, STOP, COMMA), lambda text: [0.7] * len(text), probabilities)
    assert asked == [tokens, [1, COMMA, 2, COMMA, 3, 3, COMMA, 4, STOP], [1, 2, 3, 3, 4, STOP]]
    assert kept == [1, COMMA, 2, STOP, 3, 3, COMMA, 4, STOP]


@pytest.mark.parametrize("tokens", [[], [TIME], [TIME, 1, STOP, TIME], [1, COMMA, 2]])
def test_text_without_full_stop_in_its_midst_is_not_aligned(tokens: list[int]) -> None:
    def aligned(_: list[int]) -> list[float]:
        raise AssertionError

    assert without_doubtful_stops(tokens, Marks(END, STOP, COMMA), aligned, aligned) == tokens


@pytest.mark.parametrize(
    ("text", "language", "echo"),
    [
        ("电影。以下是普通话的句子。", "zh", True),
        ("This is a sentence in English. Yes.", "en", True),
        ("This is a letter.", "en", False),
        ("以下是普通话", "ja", False),
    ],
)
def test_sentence_that_primes_a_language_is_recognised(text: str, language: str, echo: bool) -> None:
    assert echoes_prompt(text, language) is echo


def test_half_a_character_is_not_written() -> None:
    assert written("计划" + "划".encode()[:2].decode(errors="replace")) == "计划"
