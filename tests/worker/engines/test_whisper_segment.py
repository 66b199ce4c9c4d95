"""Test which windows of a segment are decoded, in which language and how often."""

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest

from protocol.recognition import Options, Word
from worker.engines.whisper_reader import LONGEST_FRAMES, Features, Hints, Phrase, Reading, Samples
from worker.engines.whisper_segment import SegmentDecoder

GOOD = Reading(" Good.", (1, 2, 3), 1.0, None, -0.2, 0.1)
SECOND = 16_000


class FakeReader:
    """Reader that notes its calls; an encoded window is its first feature and its length, both in frames."""

    known = ("en", "fr", "ja", "zh")

    def __init__(
        self,
        answer: Callable[[tuple[int, int], Hints], Reading],
        last_word_s: Callable[[str], float] = lambda _: 99.0,
    ) -> None:
        self.answer, self.place = answer, last_word_s
        self.encoded: list[tuple[int, int]] = []
        self.read_windows: list[tuple[tuple[int, int], Hints]] = []

    def features(self, samples: Samples) -> Features:
        return np.arange(len(samples) // 160 + LONGEST_FRAMES, dtype=np.float32)[np.newaxis]

    def encode(self, features: Features) -> Any:
        self.encoded.append((int(features[0, 0]), features.shape[1]))
        return self.encoded[-1]

    def languages(self, encoded: Any) -> list[str]:
        return ["ja", "zh", "fr", "en"]

    def read(self, encoded: Any, hints: Hints, brief: Callable[[], Any]) -> Reading:
        self.read_windows.append((encoded, hints))
        self.brief = brief
        return self.answer(encoded, hints)

    def words(self, encoded: Any, hints: Hints, text: str) -> list[tuple[int, float]]:
        return [*((0, float(second)) for second in range(60)), (len(text), self.place(text))]


def decoder(reader: Any, seconds: float, partial: bool = False) -> SegmentDecoder:
    """Return a decoder of this much audio."""
    return SegmentDecoder(reader, np.ones(int(seconds * SECOND), np.float32), partial)


def test_translation_is_not_primed_with_its_language() -> None:
    reader = FakeReader(lambda *_: GOOD)
    fake: Any = reader
    SegmentDecoder(fake, np.ones(4 * SECOND, np.float32), False, translates=True).decode("zh", "")
    ((_, hints),) = reader.read_windows
    assert hints.translates and not hints.primed


def test_reliable_window_of_three_more_seconds_is_decoded_once() -> None:
    reader = FakeReader(lambda *_: GOOD)
    passage = decoder(reader, 4.0).decode("en", "Ada")
    assert (passage.text, passage.language, passage.log_probability) == ("Good.", "en", -0.2)
    assert reader.encoded == [(0, 700)]
    ((_, hints),) = reader.read_windows
    assert hints == Hints("en", "Ada", 5, 48, False)


LATE = GOOD._replace(end_s=9.0)
WITHIN = " GOOD"


@pytest.mark.parametrize(
    ("first", "second", "windows"),
    [
        pytest.param(LATE, GOOD, [700, 1000], id="a longer window has the end"),
        pytest.param(LATE._replace(text=WITHIN), GOOD, [700], id="only the stated end is late"),
        pytest.param(LATE, LATE._replace(text=WITHIN), [700, 1000], id="only that of the longer window"),
        pytest.param(LATE, LATE, [700, 1000, 3000], id="both have words after the audio"),
        pytest.param(GOOD._replace(text=" So good. So good."), GOOD, [700, 1000], id="said twice"),
        pytest.param(
            LATE._replace(text=" So good. So good. So good."),
            LATE._replace(text=" So good. So good. So good."),
            [700, 1000, 3000],
            id="both repeat themselves",
        ),
        pytest.param(GOOD._replace(no_speech=0.7), GOOD, [700, 3000], id="perhaps nobody spoke"),
        pytest.param(GOOD._replace(log_probability=-0.9, no_speech=0.2), GOOD, [700, 3000], id="improbable"),
        pytest.param(GOOD._replace(log_probability=-0.9), GOOD, [700], id="improbable, but surely speech"),
    ],
)
def test_unreliable_window_is_decoded_again_with_more_padding(
    first: Reading, second: Reading, windows: list[int]
) -> None:
    answers = {700: first, 1000: second, 3000: GOOD}
    reader = FakeReader(lambda encoded, _: answers[encoded[1]], lambda text: 3.9 if text == WITHIN else 4.1)
    assert decoder(reader, 4.0).decode("en", "").text.casefold().strip(".") == "good"
    assert reader.encoded == [(0, frames) for frames in windows]
    assert [hints.most_tokens for _, hints in reader.read_windows] == [96 if n == 3000 else 48 for n in windows]


def test_second_window_of_30_seconds_is_the_last() -> None:
    reader = FakeReader(lambda *_: GOOD._replace(end_s=40.0))
    decoder(reader, 25.5).decode("en", "")
    assert reader.encoded == [(0, 2850), (0, 3000)]


def test_text_with_the_priming_sentence_is_decoded_again_without_it() -> None:
    echo = GOOD._replace(text="电影。以下是普通话的句子。")
    reader = FakeReader(lambda _, hints: echo if hints.primed else GOOD._replace(text="电影。"))
    assert decoder(reader, 4.0).decode("zh", "").text == "电影。"
    assert reader.encoded == [(0, 700)]
    assert [hints.primed for _, hints in reader.read_windows] == [True, False]


def test_longer_window_with_the_priming_sentence_is_decoded_again_without_it() -> None:
    def answer(encoded: tuple[int, int], hints: Hints) -> Reading:
        if encoded[1] < LONGEST_FRAMES:
            return GOOD._replace(no_speech=0.7)
        return GOOD._replace(text=" This is a sentence in English.") if hints.primed else GOOD

    reader = FakeReader(answer)
    assert decoder(reader, 4.0).decode("en", "").text == "Good."
    assert [hints.primed for _, hints in reader.read_windows] == [True, True, False]


@pytest.mark.parametrize(("language", "joined"), [("en", "They had nothing."), ("fr", "They had. Nothing.")])
def test_false_full_stop_is_taken_back_in_languages_with_known_words(language: str, joined: str) -> None:
    phrases = (Phrase(" They had. Nothing.", 0.0, 1.0), Phrase(" Yes.", 1.0, 2.0))
    said = GOOD._replace(text=" They had. Nothing. Yes.", phrases=phrases)
    passage = decoder(FakeReader(lambda *_: said), 4.0).decode(language, "")
    assert passage.text == f"{joined} Yes."
    assert [phrase.text for phrase in passage.phrases] == [joined.strip("."), "Yes"]


def test_partial_is_decoded_once_with_one_beam() -> None:
    reader = FakeReader(lambda *_: GOOD._replace(text="I'm sorry. " * 20))
    partial = decoder(reader, 4.0, partial=True)
    assert list(partial.languages(Options())) == ["ja"]
    assert partial.decode("en", "").text == "I'm sorry."
    assert [hints.beams for _, hints in reader.read_windows] == [1]


@pytest.mark.parametrize(
    ("seconds", "partial", "window"),
    [(1.0, True, (79, 321)), (2.0, True, (0, 500)), (1.0, False, (0, 400))],
    ids=["brief", "not brief", "no partial"],
)
def test_only_a_brief_partial_begins_with_its_first_sound(
    seconds: float, partial: bool, window: tuple[int, int]
) -> None:
    reader = FakeReader(lambda *_: GOOD)
    decoder(reader, seconds, partial).decode("en", "")
    assert reader.encoded[0] == window


def test_only_a_partial_leaves_out_a_sentence_that_is_said_again() -> None:
    twice = GOOD._replace(text=" Water the plants before. Water the plants before.")
    reader = FakeReader(lambda *_: twice)
    assert decoder(reader, 4.0, partial=True).decode("en", "").text == "Water the plants before."
    assert decoder(reader, 4.0).decode("en", "").text.count("Water") == 2


class HummingReader(FakeReader):
    """Reader of audio that sounds throughout."""

    def features(self, samples: Samples) -> Features:
        return np.ones((1, len(samples) // 160 + LONGEST_FRAMES), np.float32)


class AnsweringReader(HummingReader):
    """Reader of a second of speech that is 16 dB louder than what sounds throughout."""

    def features(self, samples: Samples) -> Features:
        return super().features(samples) + 0.4 * (np.arange(len(samples) // 160 + LONGEST_FRAMES) < 100)


LONG_SOUNDS = [(HummingReader, 4.0, "Good."), (HummingReader, 20.0, ""), (FakeReader, 20.0, "Good.")]


@pytest.mark.parametrize(("reader", "seconds", "text"), [*LONG_SOUNDS, (AnsweringReader, 20.0, "Good.")])
def test_few_improbable_words_are_no_text_of_long_sound(
    reader: type[FakeReader], seconds: float, text: str
) -> None:
    thanks = GOOD._replace(log_probability=-1.2, no_speech=0.3)
    assert decoder(reader(lambda *_: thanks), seconds).decode("en", "").text == text


def test_noise_gives_no_text_and_loop_one_phrase() -> None:
    noise = GOOD._replace(no_speech=0.8, log_probability=-1.1)
    assert decoder(FakeReader(lambda *_: noise), 4.0).decode("en", "").text == ""
    loop = GOOD._replace(text=" I'm sorry." * 20)
    assert decoder(FakeReader(lambda *_: loop), 4.0).decode("en", "").text == "I'm sorry."


def test_long_segment_is_read_window_by_window_up_to_its_last_phrase() -> None:
    resumes = {0: 24.0, 2400: None}
    reader = FakeReader(lambda encoded, _: GOOD._replace(resume_s=resumes[encoded[0]]))
    assert decoder(reader, 40.0).decode("en", "").text == "Good. Good."
    assert reader.encoded == [(0, 3000), (2400, 1900)]
    assert [hints.goes_on for _, hints in reader.read_windows] == [True, False]


def test_window_of_almost_30_seconds_is_no_longer_than_30() -> None:
    reader = FakeReader(lambda *_: GOOD)
    decoder(reader, 29.5).decode("en", "")
    assert reader.encoded == [(0, 3000)]


def test_window_of_30_seconds_is_not_decoded_twice() -> None:
    reader = FakeReader(lambda *_: GOOD._replace(no_speech=0.7))
    decoder(reader, 29.5).decode("en", "")
    assert len(reader.read_windows) == 1


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
    assert list(decoder(FakeReader(lambda *_: GOOD), 4.0).languages(options)) == languages


def test_languages_share_the_encoding_with_the_text() -> None:
    reader = FakeReader(lambda *_: GOOD)
    segment = decoder(reader, 4.0)
    for language in segment.languages(Options()):
        segment.decode(language, "")
    assert reader.encoded == [(0, 700)] and len(reader.read_windows) == 2


TWO = (Phrase(" Good,", 0.0, 2.0), Phrase(" ...", 2.0, 3.0), Phrase(" and bad.", 3.0, inf))


def test_phrases_have_times_within_the_segment_and_no_punctuation_around_them() -> None:
    two = GOOD._replace(text=" Good, ... and bad.", phrases=TWO)
    passage = decoder(FakeReader(lambda *_: two), 4.0).decode("en", "")
    assert passage.phrases == (Word("Good", 0, 2000), Word("and bad", 3000, 4000))


def test_phrases_of_later_windows_are_timed_from_the_start_of_the_segment() -> None:
    resumes = {0: 24.0, 2400: None}
    one = GOOD._replace(phrases=TWO[:1])
    reader = FakeReader(lambda encoded, _: one._replace(resume_s=resumes[encoded[0]]))
    assert decoder(reader, 40.0).decode("en", "").phrases == (Word("Good", 0, 2000), Word("Good", 24_000, 26_000))


@pytest.mark.parametrize(
    "reading",
    [
        GOOD._replace(phrases=TWO[:1]),
        GOOD._replace(phrases=TWO, no_speech=0.8, log_probability=-1.1),
        GOOD._replace(phrases=TWO, text=" I'm sorry." * 20),
    ],
    ids=["single phrase", "noise", "loop"],
)
def test_phrases_are_left_out_where_they_tell_nothing(reading: Reading) -> None:
    assert decoder(FakeReader(lambda *_: reading), 4.0).decode("en", "").phrases == ()


class PausingReader(FakeReader):
    """Reader of audio with speech up to 2 s and from 3 s on."""

    def features(self, samples: Samples) -> Features:
        found = super().features(samples) * 0 - 0.5
        found[:, :200] = found[:, 300 : len(samples) // 160] = 1.0
        return found

    def encode(self, features: Features) -> Any:
        self.encoded.append((0 if features[0, 0] > 0 else 280, features.shape[1]))
        return self.encoded[-1]


@pytest.mark.parametrize(
    ("rest", "text", "phrases"),
    [
        ({}, "我还没有，核对完。", (Word("我还没有", 0, 2000), Word("核对完", 3000, 4000))),
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


class SkippingReader(FakeReader):
    """Reader of audio with speech up to 2 s, from 3 to 5 s and from 6 s on."""

    def features(self, samples: Samples) -> Features:
        found = super().features(samples) * 0 - 0.5
        for begin, end in ((0, 200), (300, 500), (600, len(samples) // 160)):
            found[:, begin:end] = 1.0
        return found


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
    assert reader.read_windows[1][1] == Hints("en", "Ada", 5, 35, False)
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


def test_window_without_long_pauses_is_encoded_once_when_it_is_asked_for() -> None:
    reader = PausingReader(lambda *_: GOOD)
    decoder(reader, 4.0).decode("zh", "")
    assert reader.encoded == [(0, 700)]
    assert [reader.brief(), reader.brief()] == [(0, 625)] * 2 and len(reader.encoded) == 2
