"""Parameters of Deepgram's clients, as they really send them."""

import pytest

from backend.dialects.audio_formats import IncomingFormat
from backend.dialects.deepgram.requests import ListenRequest, ParameterInvalid, client_message, listen_request


def request_of(*pairs: tuple[str, str]) -> ListenRequest:
    return listen_request(pairs, ("whisper-base",))


def test_request_without_parameters_means_a_file_and_any_model() -> None:
    assert request_of() == ListenRequest(request_of().options)
    assert request_of(("model", "nova-3")).options.model == ""
    assert request_of(("model", "whisper-base")).options.model == "whisper-base"


def test_live_request_names_its_audio_and_its_reports() -> None:
    asked = request_of(
        *(("encoding", "linear16"), ("sample_rate", "48000"), ("channels", "2"), ("interim_results", "true")),
        *(("vad_events", "true"), ("utterance_end_ms", "1000"), ("endpointing", "800")),
    )
    assert asked.format == IncomingFormat(48_000, 2)
    assert (asked.interim, asked.starts, asked.gap_ms, asked.endpoint_ms) == (True, True, 1_000, 800)
    assert asked.options.partials


@pytest.mark.parametrize(
    ("encoding", "format"),
    [("mulaw", IncomingFormat(8_000, 1, "mu-law")), ("alaw", IncomingFormat(8_000, 1, "a-law"))],
)
def test_telephone_speech_has_its_usual_rate(encoding: str, format: IncomingFormat) -> None:
    assert request_of(("encoding", encoding)).format == format


@pytest.mark.parametrize(("given", "used"), [("10", 300), ("false", 600), ("true", 600), ("60000", 5_000)])
def test_endpoint_is_within_the_limits_of_recognition(given: str, used: int) -> None:
    assert request_of(("endpointing", given)).endpoint_ms == used


def test_terms_are_hotwords_without_their_weights() -> None:
    terms = ("keyterm", "Ōtaki: north"), ("keyterm", " "), ("keyterm", "Ōtaki: north")
    weighed = ("keywords", "pounamu:2.5"), ("keywords", "kea")
    assert request_of(*terms, *weighed).options.hotwords == ("Ōtaki: north", "pounamu", "kea")


@pytest.mark.parametrize(
    ("language", "used"), [("en-GB", "en"), ("zh_CN", "zh"), ("multi", "auto"), ("", "auto"), ("YUE", "yue")]
)
def test_language_is_a_code(language: str, used: str) -> None:
    assert request_of(("language", language)).options.language == used


def test_text_is_punctuated_unless_the_client_says_otherwise() -> None:
    assert request_of().options.punctuation
    assert not request_of(("punctuate", "false")).options.punctuation
    assert request_of(("punctuate", "false"), ("smart_format", "true")).options.punctuation


@pytest.mark.parametrize(
    "pair",
    [
        ("encoding", "opus"),
        ("language", "the first"),
        ("utterance_end_ms", "soon"),
        ("utterance_end_ms", "60001"),
        ("endpointing", "-1"),
        ("callback", "https://example.org"),
        ("multichannel", "true"),
    ],
)
def test_unusable_value_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ParameterInvalid):
        request_of(pair)


@pytest.mark.parametrize("pair", [("sample_rate", "96000"), ("channels", "3"), ("sample_rate", "x")])
def test_unusable_format_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(ParameterInvalid):
        request_of(("encoding", "linear16"), pair)


@pytest.mark.parametrize("data", ["", "[]", "{", '{"type": 7}', "\ud800", "[" * 9_999, "{}"])
def test_other_texts_are_no_messages(data: str) -> None:
    assert client_message(data) is None
    assert client_message('{"type": "KeepAlive"}') == {"type": "KeepAlive"}
