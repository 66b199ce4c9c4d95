"""Test the padding of features, and which tokens of a window are phrases."""

from math import inf

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from worker.engines.whisper.decoder import (
    LONGEST_FRAMES,
    add_silence,
    complete_tokens,
    echoes_prompt,
    phrase_spans,
    without_cut_character,
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
    assert complete_tokens(times, goes_on) == (len(times), None)


def test_phrase_without_end_is_decoded_again_only_if_audio_follows() -> None:
    times = [0.0, TEXT, 2.0, 2.0, TEXT]
    assert complete_tokens(times, True) == (3, 2.0)
    assert complete_tokens(times, False) == (5, None)


@pytest.mark.parametrize("goes_on", [True, False])
def test_decode_continues_where_whisper_announced_another_phrase(goes_on: bool) -> None:
    assert complete_tokens([0.0, TEXT, 2.0, 2.2, TEXT, 4.0, 4.0], goes_on) == (6, 4.0)


def test_phrase_that_would_not_advance_is_not_decoded_again() -> None:
    assert complete_tokens([0.0, TEXT, 0.98, 0.98], True) == (4, None)


@pytest.mark.parametrize("level", [0.5, 0.001])
def test_padding_has_the_features_of_silent_samples(level: float) -> None:
    second = 16_000
    voice = (np.random.default_rng(1).standard_normal(2 * second) * level).astype(np.float32)
    completed = FeatureExtractor()(np.concatenate([voice, np.zeros(30 * second, np.float32)]))[:, :-1]
    made = add_silence(FeatureExtractor()(voice)[:, :-1])
    assert made.shape == (80, 200 + LONGEST_FRAMES) == completed.shape and made.dtype == np.float32
    np.testing.assert_allclose(made[:, 202:], completed[:, 202:], atol=1e-6)


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
    assert list(phrase_spans(times)) == phrases


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
    assert without_cut_character("计划" + "划".encode()[:2].decode(errors="replace")) == "计划"
