"""Test that speech that Whisper skipped within a window or after it is decoded."""

from math import inf
from typing import Any

import pytest

from protocol.recognition import Word
from tests.worker.engines.whisper.stand_ins import GOOD, PausingDecoder, SkippingDecoder, segment_decoder
from worker.engines.whisper.decoder import DecodeResult, DecodeSettings, Phrase, WindowOptions


@pytest.mark.parametrize(
    ("rest", "text", "phrases"),
    [
        ({}, "我还没有。核对完。", (Word("我还没有", 0, 2000), Word("核对完", 3000, 4000))),
        ({"no_speech": 0.7}, "我还没有。", ()),
        ({"log_probability": -0.9}, "我还没有。", ()),
        ({"text": "没有。"}, "我还没有。", ()),
    ],
    ids=["rest", "no speech", "improbable", "decoded before"],
)
def test_speech_after_a_pause_that_whisper_took_for_the_end_is_decoded(
    rest: dict[str, Any], text: str, phrases: tuple[Word, ...]
) -> None:
    first = GOOD._replace(text="我还没有。", phrases=(Phrase("我还没有。", 0.0, 2.0),), end_s=2.0)
    second = GOOD._replace(text="核对完。", phrases=(Phrase("核对完。", 0.2, inf),))
    decoder = PausingDecoder(lambda encoded, _: second._replace(**rest) if encoded[0] else first)
    decoded = segment_decoder(decoder, 4.0).decode("zh", "")
    assert (decoded.text, decoded.phrases) == (text, phrases)


SKIPPING = GOOD._replace(
    text=" Go on. I am here.", phrases=(Phrase(" Go on.", 0.0, 2.0), Phrase(" I am here.", 6.0, 8.0)), end_s=8.0
)


BETWEEN = GOOD._replace(text=" Nothing is lost.", end_s=2.0)


@pytest.mark.parametrize(
    ("between", "text"),
    [
        ({}, "Go on. Nothing is lost. I am here."),
        ({"no_speech": 0.2}, "Go on. I am here."),
        ({"log_probability": -0.9}, "Go on. I am here."),
        ({"text": " ..."}, "Go on. I am here."),
        ({"text": " This is a sentence in English."}, "Go on. I am here."),
        ({"text": " On!"}, "Go on. I am here."),
        ({"text": " Go on."}, "Go on. Go on. I am here."),
        ({"text": " I am"}, "Go on. I am here."),
        ({"tokens": (1,) * 20}, "Go on. I am here."),
    ],
    ids=[
        *("sentence", "a sound", "improbable", "no word", "primed"),
        *("decoded before", "said twice", "decoded after", "too many words"),
    ],
)
def test_sentence_that_whisper_left_out_between_two_phrases_is_decoded(between: dict[str, Any], text: str) -> None:
    decoder = SkippingDecoder(lambda window, _: SKIPPING if window[1] == 1100 else BETWEEN._replace(**between))
    decoded = segment_decoder(decoder, 8.0).decode("en", "Ada")
    assert decoded.text == text
    assert [frames for _, frames in decoder.encoded] == [1100, 240 + 300]
    assert decoder.decoded_windows[1][1] == DecodeSettings(WindowOptions("en", "Ada"), 35, False)
    times = [(phrase.start_ms, phrase.end_ms) for phrase in decoded.phrases]
    assert times == [(0, 2000), *[(2800, 5200)] * (text.count(".") - 2), (6000, 8000)]


@pytest.mark.parametrize(
    ("result", "partial"),
    [
        (SKIPPING, True),
        (SKIPPING._replace(no_speech=0.7, log_probability=-0.7), False),
        (SKIPPING._replace(text=" And so. Go on. I am here."), False),
    ],
    ids=["partial", "noise", "text before the first time"],
)
def test_gap_between_phrases_is_not_decoded(result: DecodeResult, partial: bool) -> None:
    decoder = SkippingDecoder(lambda *_: result)
    segment_decoder(decoder, 8.0, partial).decode("en", "")
    assert {frames for _, frames in decoder.encoded} <= {1100, 3000}


STOPPED = SKIPPING._replace(
    text=" Go on. I am now", phrases=(SKIPPING.phrases[0], Phrase(" I am now", 3.0, 4.0)), resume_s=4.0
)


@pytest.mark.parametrize(
    ("rest", "text", "windows"),
    [
        ({}, "Go on. I am now here so.", [1100, 820]),
        ({"text": " I was now here. So."}, "Go on. I am now Here.", [1100, 820, 700]),
        ({"log_probability": -0.9, "no_speech": 0.1}, "Go on. I am now Here.", [1100, 820, 700]),
    ],
    ids=["decoded again", "decoded differently", "improbable"],
)
def test_sentence_within_which_whisper_stopped_is_decoded_from_the_pause_before_on(
    rest: dict[str, Any], text: str, windows: list[int]
) -> None:
    again = GOOD._replace(text=" I am now here. So.", end_s=5.2)
    answers = {1100: STOPPED, 820: again._replace(**rest), 700: GOOD._replace(text=" Here.")}
    decoder = SkippingDecoder(lambda window, _: answers[window[1]])
    assert segment_decoder(decoder, 8.0).decode("en", "").text == text
    assert [frames for _, frames in decoder.encoded] == windows


def test_rest_after_the_end_of_a_sentence_is_decoded_on_its_own() -> None:
    ended = STOPPED._replace(text=" Go on. I am.", phrases=(*STOPPED.phrases[:1], Phrase(" I am.", 3.0, 4.0)))
    answers = {1100: ended, 700: GOOD._replace(text=" Here.")}
    decoder = SkippingDecoder(lambda window, _: answers[window[1]])
    assert segment_decoder(decoder, 8.0).decode("fr", "").text == "Go on. I am. Here."
