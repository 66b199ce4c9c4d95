"""What errors say: the reason, and what to do."""

from speech.errors import SpeechError
from speech.models.errors import ModelDamaged, ModelMissing, ModelUnavailable, Refusal


def test_a_missing_model_says_how_to_get_it() -> None:
    assert "kikipounamu models get tiny" in str(ModelMissing("tiny"))


def test_a_damaged_model_says_what_is_wrong_and_how_to_repair_it() -> None:
    error = ModelDamaged("tiny", ["a is missing", "b has other contents"])
    assert error.faults == ("a is missing", "b has other contents")
    assert "a is missing; b has other contents" in str(error)
    assert "kikipounamu models get tiny" in str(error)


def test_an_unavailable_model_names_every_source_and_why() -> None:
    refusals = [Refusal("hub one", "", "no answer within 3 s"), Refusal("hub two", "a.bin", "it is longer")]
    text = str(ModelUnavailable("tiny", ["a.bin"], refusals))
    assert "no source gave a.bin" in text
    assert "hub one: no answer within 3 s" in text
    assert "hub two: a.bin: it is longer" in text
    assert "kikipounamu models import tiny FOLDER" in text


def test_callers_can_catch_the_package_base() -> None:
    assert issubclass(ModelMissing, SpeechError)
