"""Speed and accuracy of models in words and bars: estimates are marked, and figures name their source."""

import pytest

from app.models.disk import about
from app.models.view import ModelFacts, Purpose
from app.ui.models.model_widgets import accuracy_bars, compared_languages, has_figures, source_text, speed_bar
from app.ui.strings.texts import Texts
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import LocalSpeed

EN, ZH = Texts("en"), Texts("zh")


def facts(name: str) -> ModelFacts:
    return about(load_catalogue().model(name))


@pytest.mark.parametrize(
    ("speed", "said", "share"),
    [
        (LocalSpeed(16.2, True), "16 × as fast as speech", 0.67),
        (LocalSpeed(12.0, False), "about 12 × as fast as speech (estimate)", 0.6),
        (LocalSpeed(500.0, True), "500 × as fast as speech", 1.0),
        (LocalSpeed(0.5, True), "slower than speech (0.5 ×)", 0.03),
        (LocalSpeed(0.5, False), "slower than speech (about 0.5 ×, estimate)", 0.03),
        (None, "not measured", None),
    ],
)
def test_speed_is_relative_to_speech(speed: LocalSpeed | None, said: str, share: float | None) -> None:
    bar = speed_bar(EN, speed)
    assert bar.text == said
    assert bar.share == (None if share is None else pytest.approx(share, abs=0.01))


def test_accuracy_names_its_source_for_each_language() -> None:
    chinese, english = accuracy_bars(EN, facts("whisper-base"), ("zh", "en"))
    assert chinese.text == "Chinese: 83 of 100 characters right (our own test)"
    assert chinese.share == pytest.approx(0.833)
    assert english.text == "English: 94 of 100 words right (our own test)"
    (german,) = accuracy_bars(EN, facts("parakeet-tdt-0.6b-v3-int8"), ("de",))
    assert german.text == "German: 95 of 100 words right (FLEURS, model card, full-size model)"
    assert accuracy_bars(ZH, facts("paraformer-zh-int8"), ("zh",))[0].text.startswith(
        "中文：每 100 字约对 98 字（AISHELL-1"
    )


def test_unknown_accuracy_and_unknown_language_have_no_bar() -> None:
    turbo, parakeet = facts("whisper-large-v3-turbo"), facts("parakeet-tdt-0.6b-v3-int8")
    assert accuracy_bars(EN, turbo, ("en",)) == [("English: not stated", None)]
    assert accuracy_bars(EN, parakeet, ("zh",)) == [("Chinese: not recognised", None)]


def test_at_most_three_languages_are_compared() -> None:
    assert len(accuracy_bars(EN, facts("whisper-base"), ("zh", "en", "de", "fr"))) == 3
    assert compared_languages("zh", ()) == ("zh", "en") and compared_languages("en", ()) == ("en",)
    assert compared_languages("en", ("de", "fr")) == ("de", "fr")


def test_language_of_the_list_is_compared_first() -> None:
    assert compared_languages("en", (), "zh") == ("zh", "en")
    assert compared_languages("en", ("de", "fr"), "fr") == ("fr", "de")


@pytest.mark.parametrize("texts", [EN, ZH])
def test_every_stated_figure_has_a_source_text(texts: Texts) -> None:
    for model in load_catalogue().models:
        assert all(source_text(texts, stated) for stated in model.errors)


def test_only_recognisers_of_this_version_have_figures() -> None:
    assert has_figures(facts("whisper-base"))
    assert not has_figures(facts("Fun-ASR-Nano")) and not has_figures(ModelFacts("a", Purpose.VAD))
