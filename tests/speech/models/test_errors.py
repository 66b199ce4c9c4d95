"""Messages of model errors: the reason, and what to do."""

from speech.errors import SpeechError
from speech.models.errors import ModelDamaged, ModelMissing, ModelUnavailable, SourceRefusal


def test_missing_model_error_says_how_to_get_it() -> None:
    assert "kikipounamu models get tiny" in str(ModelMissing("tiny"))


def test_damaged_model_error_names_faults_and_repair() -> None:
    error = ModelDamaged("tiny", ["a is missing", "b has other contents"])
    assert error.faults == ("a is missing", "b has other contents")
    assert "a is missing; b has other contents" in str(error)
    assert "kikipounamu models get tiny" in str(error)


def test_unavailable_model_error_names_sources_and_reasons() -> None:
    refusals = [
        SourceRefusal("hub one", "", "no answer within 3 s"),
        SourceRefusal("hub two", "a.bin", "it is longer"),
    ]
    text = str(ModelUnavailable("tiny", ["a.bin"], refusals))
    assert "no source has a.bin" in text
    assert "hub one: no answer within 3 s" in text
    assert "hub two: a.bin: it is longer" in text
    assert "kikipounamu models import tiny FOLDER" in text


def test_model_errors_derive_from_speech_error() -> None:
    assert issubclass(ModelMissing, SpeechError)
