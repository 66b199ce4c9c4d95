"""Advice in words, for terminals, and for this computer."""

from pathlib import Path

import pytest

from app.core.sentences import Sentences
from app.models.advice import advice_line, advise, keep_speed, languages_text, speed_text
from speech.models.catalogue import load_catalogue
from speech.models.recommendation import ChoiceReason, LocalSpeed, Recommendation

EN = Sentences("en")


def test_speeds_and_languages_are_short() -> None:
    assert speed_text(LocalSpeed(21.4, True)) == "21x" and speed_text(LocalSpeed(4.96, False)) == "~5.0x"
    assert speed_text(None) == "" and languages_text(EN, ["zh", "en"]) == "zh en"
    assert languages_text(EN, ["xx"] * 99) == "99 languages"


def test_recommendation_is_one_line_with_its_reason() -> None:
    best = Recommendation("some-model", ChoiceReason.ACCURATE, LocalSpeed(21.0, False))
    assert advice_line(EN, best, ("zh", "en")).startswith(
        "recommended: some-model (~21x): of those that know zh en and"
    )
    assert "any language" in advice_line(EN, best, ())
    assert "fits into the memory" in advice_line(EN, Recommendation("some-model", ChoiceReason.FITS), ("zh",))
    assert "Whisper is not in" in advice_line(EN, Recommendation("some-model", ChoiceReason.NO_WHISPER), ())
    assert "the fastest" in advice_line(EN, Recommendation("some-model", ChoiceReason.FASTEST), ("zh",))


def test_advice_uses_the_measurements_of_this_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    models = load_catalogue().models
    before = advise(models, ["zh"])
    keep_speed("whisper-base", 32.0)
    after = advise(models, ["zh"])
    assert after.speeds["whisper-base"] == (32.0, True)
    assert not before.speeds["whisper-base"].measured and before.recommended is not None
