"""Fields of a transcription request are read as OpenAI documents them."""

import pytest

from backend.dialects.openai.requests import RequestInvalid, hotwords, transcription_request, translation_request

MODELS = {"whisper-base"}


def test_unknown_model_and_unknown_fields_are_ignored() -> None:
    asked = transcription_request(
        {"model": "whisper-1", "include[]": "logprobs", "chunking_strategy": "auto"}, MODELS
    )
    assert (asked.options.model, asked.options.language, asked.format) == ("", "auto", "json")
    assert transcription_request({"model": "whisper-base"}, MODELS).options.model == "whisper-base"


@pytest.mark.parametrize(
    ("said", "code"), [("en", "en"), ("zh-CN", "zh"), ("", "auto"), ("auto", "auto"), ("YUE", "yue")]
)
def test_language_is_a_code(said: str, code: str) -> None:
    assert transcription_request({"language": said}, MODELS).options.language == code


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": "docx"}, "response_format"),
        ({"response_format": "srt", "stream": "true"}, "response_format"),
        ({"timestamp_granularities[]": "letter"}, "timestamp_granularities"),
        ({"language": "english please"}, "language"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": "2"}, "temperature"),
    ],
)
def test_invalid_field_is_named(fields: dict[str, str], param: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        transcription_request(fields, MODELS)
    assert caught.value.param == param


def test_granularities_choose_words_and_segments() -> None:
    both = transcription_request({"timestamp_granularities[]": "word,segment"}, MODELS)
    words = transcription_request({"timestamp_granularities[]": "word"}, MODELS)
    none = transcription_request({}, MODELS)
    assert [(one.words, one.segments) for one in (both, words, none)] == [
        (True, True),
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    ("fields", "priority"),
    [
        ({}, "interactive"),
        ({"response_format": "text"}, "interactive"),
        ({"response_format": "verbose_json"}, "bulk"),
        ({"timestamp_granularities[]": "word"}, "bulk"),
        ({"response_format": "srt"}, "bulk"),
        ({"response_format": "vtt"}, "bulk"),
    ],
)
def test_request_with_times_of_words_is_bulk(fields: dict[str, str], priority: str) -> None:
    assert transcription_request(fields, MODELS).options.priority == priority


def test_prompt_becomes_hotwords() -> None:
    assert hotwords("Kikipounamu, Wellington。 王小明、whakapapa") == (
        "Kikipounamu",
        "Wellington",
        "王小明",
        "whakapapa",
    )
    assert hotwords("Kikipounamu\r\nŌtaki\tWellington\x00") == ("Kikipounamu", "Ōtaki", "Wellington")
    assert len(hotwords("x" * 100)[0]) == 64
    assert hotwords(" , 。") == ()


def test_translation_is_bulk_and_by_any_model() -> None:
    options = translation_request({"model": "whisper-base", "language": "zh"}).options
    assert (options.task, options.priority, options.model, options.language) == ("translate", "bulk", "", "zh")
