"""Test which windows of a segment are decoded, in which language, and the times of their phrases."""

from math import inf

import pytest

from protocol.recognition import Options, Word
from tests.worker.engines.whisper.stand_ins import GOOD, FakeDecoder, PausingDecoder, segment_decoder
from worker.engines.whisper.decoder import DecodeResult, DecodeSettings, Phrase
from worker.engines.whisper.engine import _transcript


@pytest.mark.parametrize(("language", "joined"), [("en", "They had nothing."), ("fr", "They had. Nothing.")])
def test_false_full_stop_is_taken_back_in_languages_with_known_words(language: str, joined: str) -> None:
    phrases = (Phrase(" They had. Nothing.", 0.0, 1.0), Phrase(" Yes.", 1.0, 2.0))
    said = GOOD._replace(text=" They had. Nothing. Yes.", phrases=phrases)
    decoded = segment_decoder(FakeDecoder(lambda *_: said), 4.0).decode(language, "")
    assert decoded.text == f"{joined} Yes."
    assert [phrase.text for phrase in decoded.phrases] == [joined.strip("."), "Yes"]


def test_partial_keeps_its_full_stops_because_comparing_them_costs_time() -> None:
    decoder = FakeDecoder(lambda *_: GOOD._replace(text=" They had. Nothing."))
    assert segment_decoder(decoder, 4.0, partial=True).decode("en", "").text == "They had. Nothing."


def test_translation_has_the_full_stops_of_english() -> None:
    decoder = FakeDecoder(lambda *_: GOOD._replace(text=" They had. Nothing."))
    assert "They had nothing." in segment_decoder(decoder, 4.0, translates=True).decode("fr", "").text
    assert "They had. Nothing." in segment_decoder(decoder, 4.0).decode("fr", "").text


@pytest.mark.parametrize(
    ("seconds", "partial", "window"),
    [(1.0, True, (79, 321)), (2.0, True, (0, 500)), (1.0, False, (0, 700))],
    ids=["brief", "not brief", "no partial"],
)
def test_only_a_brief_partial_begins_with_its_first_sound(
    seconds: float, partial: bool, window: tuple[int, int]
) -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    segment_decoder(decoder, seconds, partial).decode("en", "")
    assert decoder.encoded[0] == window


def test_long_segment_is_decoded_window_by_window_up_to_its_last_phrase() -> None:
    resumes = {0: 24.0, 2400: None}
    decoder = FakeDecoder(lambda encoded, _: GOOD._replace(resume_s=resumes[encoded[0]]))
    assert segment_decoder(decoder, 40.0).decode("en", "").text == "Good. Good."
    assert decoder.encoded == [(0, 3000), (2400, 1900)]
    assert [settings.goes_on for _, settings in decoder.decoded_windows] == [True, False]


@pytest.mark.parametrize(
    ("options", "languages"),
    [
        (Options(), ["ja", "zh"]),
        (Options(languages=("en", "zh")), ["zh", "en"]),
        (Options(languages=("xx", "en")), ["en"]),
        (Options(languages=("xx",)), ["ja", "zh"]),
        (Options(language="en", languages=("en", "zh")), ["en", "zh"]),
        (Options(language="en", languages=("en",)), ["en"]),
    ],
)
def test_languages_are_the_given_one_then_the_most_probable_listed(options: Options, languages: list[str]) -> None:
    assert list(segment_decoder(FakeDecoder(lambda *_: GOOD), 4.0).languages(options)) == languages


def test_languages_share_the_encoding_with_the_text() -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    segment = segment_decoder(decoder, 4.0)
    for language in segment.languages(Options()):
        segment.decode(language, "")
    assert decoder.encoded == [(0, 700)] and len(decoder.decoded_windows) == 2


TWO = (Phrase(" Good,", 0.0, 2.0), Phrase(" ...", 2.0, 3.0), Phrase(" and bad.", 3.0, inf))


def test_phrases_have_times_within_the_segment_and_no_punctuation_around_them() -> None:
    two = GOOD._replace(text=" Good, ... and bad.", phrases=TWO)
    decoded = segment_decoder(FakeDecoder(lambda *_: two), 4.0).decode("en", "")
    assert decoded.phrases == (Word("Good", 0, 2000), Word("and bad", 3000, 4000))


def test_phrases_of_later_windows_are_timed_from_the_start_of_the_segment() -> None:
    resumes = {0: 24.0, 2400: None}
    one = GOOD._replace(phrases=TWO[:1])
    decoder = FakeDecoder(lambda encoded, _: one._replace(resume_s=resumes[encoded[0]]))
    assert segment_decoder(decoder, 40.0).decode("en", "").phrases == (
        Word("Good", 0, 2000),
        Word("Good", 24_000, 26_000),
    )


@pytest.mark.parametrize(
    "result",
    [
        GOOD._replace(phrases=TWO[:1]),
        GOOD._replace(phrases=TWO, no_speech=0.8, log_probability=-1.1),
        GOOD._replace(phrases=TWO, text=" I'm sorry." * 20),
    ],
    ids=["single phrase", "noise", "loop"],
)
def test_phrases_are_left_out_where_they_report_nothing(result: DecodeResult) -> None:
    assert segment_decoder(FakeDecoder(lambda *_: result), 4.0).decode("en", "").phrases == ()


def test_rest_after_a_pause_is_decoded_in_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    first = GOOD._replace(text="我还没有。", phrases=(Phrase("我还没有。", 0.0, 2.0),), end_s=2.0)
    improbable: list[str] = []

    def answer(encoded: tuple[int, int], settings: DecodeSettings) -> DecodeResult:
        language = settings.options.language
        said = GOOD._replace(text=f" {language}.", log_probability=-0.9 if language in improbable else -0.2)
        return said if encoded[0] else first

    decoder = PausingDecoder(answer)
    assert segment_decoder(decoder, 5.5).decode("zh", "", ("zh", "fr")).text == "我还没有， zh."
    monkeypatch.setattr(decoder, "languages", lambda encoded: ["fr", "zh"] if encoded[0] else ["zh", "fr"])
    assert "fr." in segment_decoder(decoder, 5.5).decode("zh", "", ("zh", "fr")).text
    improbable.append("fr")
    assert "zh." in segment_decoder(decoder, 5.5).decode("zh", "", ("zh", "fr")).text


@pytest.mark.parametrize(
    ("given", "likeliest", "language"),
    [(-1.1, "en", "en"), (-0.7, "en", "zh"), (-1.1, "zh", "zh")],
    ids=["doubted", "probable", "likeliest"],
)
def test_improbable_text_in_a_given_language_is_decided_by_the_likelier_one(
    given: float, likeliest: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The language of a recording is voted, but one sentence of it may be in another one."""

    def answer(_: tuple[int, int], settings: DecodeSettings) -> DecodeResult:
        return GOOD._replace(log_probability=given if settings.options.language == "zh" else -0.2)

    decoder = FakeDecoder(answer)
    monkeypatch.setattr(decoder, "languages", lambda encoded: [likeliest, "zh", "en"])
    found = _transcript(segment_decoder(decoder, 4.0), Options("zh", languages=("zh", "en")))
    assert found.language == language


@pytest.mark.parametrize(
    ("seconds", "likely", "other", "language"),
    [(4.0, 0.9, -0.2, "en"), (4.0, 0.9, -0.7, "zh"), (4.0, 0.5, -0.2, "zh"), (1.9, 0.9, -0.2, "zh")],
    ids=["clear", "less probable text", "unclear", "short"],
)
def test_probable_text_in_a_given_language_may_be_a_translation(
    seconds: float, likely: float, other: float, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for the language of a recording, Whisper translates a sentence in another language."""

    def answer(_: tuple[int, int], settings: DecodeSettings) -> DecodeResult:
        return GOOD._replace(log_probability=-0.5 if settings.options.language == "zh" else other)

    decoder = FakeDecoder(answer)
    probabilities = {"fr": 0.95, "en": likely, "zh": 0.1}
    monkeypatch.setattr(decoder, "languages_within", lambda encoded, parts: [probabilities] * len(parts))
    found = _transcript(segment_decoder(decoder, seconds), Options("zh", languages=("zh", "en")))
    assert found.language == language


@pytest.mark.parametrize(
    ("text", "no_speech", "kept"),
    [("这是好。", 0.1, True), ("これは。", 0.1, True), ("这是好。", 0.3, False)],
    ids=["improbable", "foreign", "hardly speech"],
)
def test_text_of_certain_speech_stays_if_the_likelier_language_has_none(
    text: str, no_speech: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = GOOD._replace(text=text, log_probability=-1.4, no_speech=no_speech)
    nothing = GOOD._replace(text="", log_probability=-1.0)
    decoder = FakeDecoder(lambda _, settings: said if settings.options.language == "zh" else nothing)
    monkeypatch.setattr(decoder, "languages", lambda encoded: ["en", "zh"])
    found = _transcript(segment_decoder(decoder, 4.0), Options("zh", languages=("zh", "en")))
    assert (found.text, found.language) == ((text, "zh") if kept else ("", ""))
