"""Test that speech is read which Whisper left out within a window or after it."""

from math import inf
from typing import Any

import pytest

from protocol.recognition import Word
from tests.worker.engines.whisper.stand_ins import GOOD, PausingReader, SkippingReader, decoder
from worker.engines.whisper.reader import Asked, Hints, Phrase, Reading


@pytest.mark.parametrize(
    ("rest", "text", "phrases"),
    [
        ({}, "我还没有。核对完。", (Word("我还没有", 0, 2000), Word("核对完", 3000, 4000))),
        ({"no_speech": 0.7}, "我还没有。", ()),
        ({"log_probability": -0.9}, "我还没有。", ()),
        ({"text": "没有。"}, "我还没有。", ()),
    ],
    ids=["rest", "no speech", "improbable", "read before"],
)
def test_speech_after_a_pause_that_whisper_took_for_the_end_is_read(
    rest: dict[str, Any], text: str, phrases: tuple[Word, ...]
) -> None:
    first = GOOD._replace(text="我还没有。", phrases=(Phrase("我还没有。", 0.0, 2.0),), end_s=2.0)
    second = GOOD._replace(text="核对完。", phrases=(Phrase("核对完。", 0.2, inf),))
    reader = PausingReader(lambda encoded, _: second._replace(**rest) if encoded[0] else first)
    passage = decoder(reader, 4.0).decode("zh", "")
    assert (passage.text, passage.phrases) == (text, phrases)


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
        *("read before", "said twice", "read after", "too many words"),
    ],
)
def test_sentence_that_whisper_left_out_between_two_phrases_is_read(between: dict[str, Any], text: str) -> None:
    reader = SkippingReader(lambda window, _: SKIPPING if window[1] == 1100 else BETWEEN._replace(**between))
    passage = decoder(reader, 8.0).decode("en", "Ada")
    assert passage.text == text
    assert [frames for _, frames in reader.encoded] == [1100, 240 + 300]
    assert reader.read_windows[1][1] == Hints(Asked("en", "Ada"), 35, False)
    times = [(phrase.start_ms, phrase.end_ms) for phrase in passage.phrases]
    assert times == [(0, 2000), *[(2800, 5200)] * (text.count(".") - 2), (6000, 8000)]


@pytest.mark.parametrize(
    ("reading", "partial"),
    [
        (SKIPPING, True),
        (SKIPPING._replace(no_speech=0.7, log_probability=-0.7), False),
        (SKIPPING._replace(text=" And so. Go on. I am here."), False),
    ],
    ids=["partial", "noise", "text before the first time"],
)
def test_gap_between_phrases_is_not_read(reading: Reading, partial: bool) -> None:
    reader = SkippingReader(lambda *_: reading)
    decoder(reader, 8.0, partial).decode("en", "")
    assert {frames for _, frames in reader.encoded} <= {1100, 3000}


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
    ids=["heard again", "heard differently", "improbable"],
)
def test_sentence_within_which_whisper_stopped_is_heard_from_the_pause_before_on(
    rest: dict[str, Any], text: str, windows: list[int]
) -> None:
    again = GOOD._replace(text=" I am now here. So.", end_s=5.2)
    answers = {1100: STOPPED, 820: again._replace(**rest), 700: GOOD._replace(text=" Here.")}
    reader = SkippingReader(lambda window, _: answers[window[1]])
    assert decoder(reader, 8.0).decode("en", "").text == text
    assert [frames for _, frames in reader.encoded] == windows


def test_rest_after_the_end_of_a_sentence_is_read_on_its_own() -> None:
    ended = STOPPED._replace(text=" Go on. I am.", phrases=(*STOPPED.phrases[:1], Phrase(" I am.", 3.0, 4.0)))
    answers = {1100: ended, 700: GOOD._replace(text=" Here.")}
    reader = SkippingReader(lambda window, _: answers[window[1]])
    assert decoder(reader, 8.0).decode("fr", "").text == "Go on. I am. Here."
