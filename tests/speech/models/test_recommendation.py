"""Recommendation of a model, and the default: languages, memory, speed and what is installed."""

from collections.abc import Mapping

import pytest

from speech.models.catalogue import load_catalogue
from speech.models.recommendation import (
    FOR_CHINESE,
    KEEPS_UP,
    MOST_ACCURATE_FIRST,
    WITHOUT_HUB,
    ChoiceReason,
    Computer,
    LocalSpeed,
    Recommendation,
    default_model,
    local_speed,
    recommend,
    without_whisper,
)

MODELS = load_catalogue().models
GIGABYTE = 10**9
LAPTOP = Computer(8 * GIGABYTE)
PARAKEET, SENSEVOICE, TURBO, SMALL, BASE = MOST_ACCURATE_FIRST
FAST = {BASE: 64.0}


def best(languages: str, computer: Computer = LAPTOP, without: str = "") -> str:
    """Return the recommended model for languages such as ``zh en``, if all engines but one are installed."""
    found = recommend(MODELS, languages.split(), computer, lambda name: name != without)
    assert found is not None
    return found.model


@pytest.mark.parametrize(
    ("languages", "computer", "model"),
    [
        ("zh en", LAPTOP, SENSEVOICE),
        ("en", LAPTOP, SENSEVOICE),
        ("zh", Computer(1 * GIGABYTE), BASE),
        ("fr", LAPTOP, SMALL),
        ("fr", Computer(2 * GIGABYTE), BASE),
        ("fr", Computer(8 * GIGABYTE, speeds={BASE: 8.0}), BASE),
        ("fr en", Computer(8 * GIGABYTE, speeds=FAST), PARAKEET),
        ("zh fr", LAPTOP, SMALL),
        ("zh fr", Computer(16 * GIGABYTE, speeds=FAST), TURBO),
        ("zh fr", Computer(16 * GIGABYTE, has_gpu=True), TURBO),
        ("zh en", Computer(16 * GIGABYTE, has_gpu=True), SENSEVOICE),
        ("", LAPTOP, SMALL),
        ("xx", LAPTOP, BASE),
    ],
)
def test_recommendation_suits_languages_memory_and_speed(languages: str, computer: Computer, model: str) -> None:
    assert best(languages, computer) == model


def test_model_without_engine_is_not_recommended() -> None:
    assert best("fr en", Computer(8 * GIGABYTE, speeds=FAST), without=PARAKEET) == TURBO


@pytest.mark.parametrize(
    ("languages", "memory", "model"), [("", 24, SENSEVOICE), ("fr", 24, PARAKEET), ("zh", 1, SENSEVOICE)]
)
def test_whisper_is_not_recommended_where_it_cannot_run(languages: str, memory: int, model: str) -> None:
    able = (PARAKEET, SENSEVOICE)
    found = recommend(
        MODELS, languages.split(), Computer(memory * GIGABYTE, speeds={BASE: 1.0}), able.__contains__
    )
    assert found is not None and found.model == model and found.speed is not None
    assert found.reason in {ChoiceReason.NO_WHISPER, ChoiceReason.FASTEST}


def test_catalogue_without_a_model_for_all_computers_has_no_recommendation() -> None:
    assert recommend(MODELS[:1], ["zh"], LAPTOP, lambda name: True) is None


def test_recommendation_states_reason_and_speed() -> None:
    assert recommend(MODELS, ["zh"], LAPTOP, lambda name: True) == (
        SENSEVOICE,
        ChoiceReason.ACCURATE,
        LocalSpeed(21.0, False),
    )
    slow = recommend(MODELS, ["fr"], Computer(8 * GIGABYTE, speeds={BASE: 2.0}), lambda name: True)
    assert slow == (BASE, ChoiceReason.FASTEST, LocalSpeed(2.0, True)) and KEEPS_UP > 2.0
    small = recommend(MODELS, ["zh"], Computer(1 * GIGABYTE), lambda name: True)
    assert small is not None and (small.model, small.reason) == (BASE, ChoiceReason.FITS)


def test_fastest_model_is_recommended_where_none_keeps_up() -> None:
    assert best("zh en", Computer(8 * GIGABYTE, speeds={BASE: 1.0})) == SENSEVOICE
    assert best("fr", Computer(8 * GIGABYTE, speeds={BASE: 1.0})) == BASE


@pytest.mark.parametrize(
    ("speeds", "has_gpu", "expected"),
    [
        ({}, False, LocalSpeed(5.0, False)),
        ({SMALL: 3.5}, False, LocalSpeed(3.5, True)),
        ({BASE: 32.0}, False, LocalSpeed(10.0, False)),
        ({BASE: 32.0, SENSEVOICE: 21.0}, False, LocalSpeed(7.5, False)),
        ({}, True, LocalSpeed(50.0, False)),
        ({SENSEVOICE: 42.0}, True, LocalSpeed(50.0, False)),
        ({BASE: 320.0}, True, LocalSpeed(100.0, False)),
    ],
)
def test_speed_is_measured_or_scaled_by_other_measurements(
    speeds: Mapping[str, float], has_gpu: bool, expected: LocalSpeed
) -> None:
    computer = Computer(GIGABYTE, has_gpu, speeds)
    assert local_speed(load_catalogue().model(SMALL), MODELS, computer) == expected


def test_speed_is_unknown_without_any_figure() -> None:
    assert local_speed(load_catalogue().model("ct-punc-c"), MODELS, LAPTOP) is None


@pytest.mark.parametrize(
    ("languages", "installed", "reachable", "model", "reason"),
    [
        (["zh", "en"], (), True, FOR_CHINESE, ChoiceReason.CHINESE),
        (["yue"], (), True, FOR_CHINESE, ChoiceReason.CHINESE),
        (["zh", "en"], (), False, WITHOUT_HUB, ChoiceReason.NO_HUB),
        (["zh"], (FOR_CHINESE, WITHOUT_HUB), False, FOR_CHINESE, ChoiceReason.CHINESE),
        (["zh"], (WITHOUT_HUB,), True, WITHOUT_HUB, ChoiceReason.INSTALLED),
        (["en", "fr"], (), True, WITHOUT_HUB, ChoiceReason.NO_CHINESE),
        (["en"], (FOR_CHINESE,), True, WITHOUT_HUB, ChoiceReason.NO_CHINESE),
    ],
)
def test_default_depends_on_chinese_hub_and_installed_models(
    languages: list[str], installed: tuple[str, ...], reachable: bool, model: str, reason: ChoiceReason
) -> None:
    assert default_model(languages, installed.__contains__, lambda: reachable) == (model, reason, None)


@pytest.mark.parametrize(
    ("languages", "installed", "runs", "expected"),
    [
        (["en"], (), (FOR_CHINESE, PARAKEET), (FOR_CHINESE, ChoiceReason.NO_WHISPER, None)),
        (["de"], (), (FOR_CHINESE, PARAKEET), (PARAKEET, ChoiceReason.NO_WHISPER, None)),
        (["en"], (PARAKEET,), (FOR_CHINESE, PARAKEET), (PARAKEET, ChoiceReason.INSTALLED, None)),
        (["de"], (), (FOR_CHINESE,), (FOR_CHINESE, ChoiceReason.NO_WHISPER, None)),
        (["en"], (), (), None),
    ],
)
def test_model_without_whisper_can_run_and_knows_the_languages(
    languages: list[str], installed: tuple[str, ...], runs: tuple[str, ...], expected: Recommendation | None
) -> None:
    assert without_whisper(MODELS, languages, installed.__contains__, runs.__contains__) == expected


def test_hub_is_asked_only_if_its_answer_matters() -> None:
    def fail() -> bool:
        raise AssertionError("asked")

    assert default_model(["en"], lambda name: False, fail).model == WITHOUT_HUB
    assert default_model(["zh"], lambda name: True, fail).model == FOR_CHINESE
