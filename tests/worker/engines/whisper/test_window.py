"""Test with how much padding and how often a window is decoded."""

from typing import Any

import numpy as np
import pytest

from protocol.recognition import Options
from tests.worker.engines.whisper.stand_ins import (
    GOOD,
    SECOND,
    AnsweringDecoder,
    FakeDecoder,
    HummingDecoder,
    segment_decoder,
)
from worker.engines.whisper.decoder import (
    LONGEST_FRAMES,
    DecodeResult,
    DecodeSettings,
    Features,
    Samples,
    WindowOptions,
)
from worker.engines.whisper.segment import SegmentDecoder


def test_translation_is_not_primed_with_its_language() -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    fake: Any = decoder
    SegmentDecoder(fake, np.ones(4 * SECOND, np.float32), False, translates=True).decode("zh", "")
    ((_, settings),) = decoder.decoded_windows
    assert settings.options.translates and not settings.primed


def test_reliable_window_of_three_more_seconds_is_decoded_once() -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    decoded = segment_decoder(decoder, 4.0).decode("en", "Ada")
    assert (decoded.text, decoded.language, decoded.log_probability) == ("Good.", "en", -0.2)
    assert decoder.encoded == [(0, 700)]
    ((_, settings),) = decoder.decoded_windows
    assert settings == DecodeSettings(WindowOptions("en", "Ada"), 48, False, primed=False)


LATE = GOOD._replace(end_s=9.0)


WITHIN = " GOOD."


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
    first: DecodeResult, second: DecodeResult, windows: list[int]
) -> None:
    answers = {700: first, 1000: second, 3000: GOOD}
    decoder = FakeDecoder(lambda encoded, _: answers[encoded[1]], lambda text: 3.9 if text == WITHIN else 4.1)
    assert segment_decoder(decoder, 4.0).decode("en", "").text.casefold().strip(".") == "good"
    assert decoder.encoded == [(0, frames) for frames in windows]
    lengths = dict.fromkeys((encoded[1], settings.most_tokens) for encoded, settings in decoder.decoded_windows)
    assert list(lengths) == [(n, 96 if n == 3000 else 48) for n in windows]


def test_second_window_of_30_seconds_is_the_last() -> None:
    decoder = FakeDecoder(lambda *_: GOOD._replace(end_s=40.0))
    segment_decoder(decoder, 25.5).decode("en", "")
    assert decoder.encoded == [(0, 2850), (0, 3000)]


def test_text_with_the_priming_sentence_is_decoded_again_without_it() -> None:
    echo = GOOD._replace(text="电影。以下是普通话的句子。")
    decoder = FakeDecoder(lambda _, settings: echo if settings.primed else GOOD._replace(text="电影。"))
    assert segment_decoder(decoder, 4.0).decode("zh", "").text == "电影。"
    assert decoder.encoded == [(0, 700)]
    assert [settings.primed for _, settings in decoder.decoded_windows] == [True, False]


def test_longer_window_with_the_priming_sentence_is_decoded_again_without_it() -> None:
    def answer(encoded: tuple[int, int], settings: DecodeSettings) -> DecodeResult:
        if encoded[1] < LONGEST_FRAMES:
            return GOOD._replace(no_speech=0.7)
        return GOOD._replace(text=" This is a sentence in English.") if settings.primed else GOOD

    decoder = FakeDecoder(answer)
    assert segment_decoder(decoder, 4.0).decode("en", "").text == "Good."
    assert [settings.primed for _, settings in decoder.decoded_windows] == [False, True, True, False]


HEARD = GOOD._replace(text=" she came on monday")
CHI = GOOD._replace(text=" Chi came on Monday.")


@pytest.mark.parametrize(
    ("seconds", "language", "partial", "heard", "text", "primed"),
    [
        pytest.param(4.0, "en", False, HEARD, "She came on Monday.", [False, True], id="marks are lent"),
        pytest.param(6.0, "en", False, GOOD, "Good.", [False], id="written well"),
        pytest.param(6.1, "en", False, HEARD, "Chi came on Monday.", [True], id="long"),
        pytest.param(4.0, "en", True, HEARD, "Chi came on Monday.", [True], id="live text"),
        pytest.param(4.0, "zh", False, HEARD, "Chi came on Monday.", [True], id="Mandarin"),
        pytest.param(
            *(4.0, "en", False, GOOD._replace(log_probability=-0.9), "Chi came on Monday.", [False, True]),
            id="improbable",
        ),
    ],
)
def test_brief_english_has_the_words_heard_without_the_priming_sentence(
    seconds: float, language: str, partial: bool, heard: DecodeResult, text: str, primed: list[bool]
) -> None:
    decoder = FakeDecoder(lambda _, settings: CHI if settings.primed else heard)
    assert segment_decoder(decoder, seconds, partial).decode(language, "").text == text
    assert [settings.primed for _, settings in decoder.decoded_windows] == primed


@pytest.mark.parametrize(
    ("language", "partial", "translates", "frames"),
    [("en", False, False, 720), ("zh", False, False, 420), ("en", True, False, 321), ("en", False, True, 420)],
)
def test_english_answer_has_more_silence_than_other_audio(
    language: str, partial: bool, translates: bool, frames: int
) -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    segment = segment_decoder(decoder, 1.2, partial, translates=translates)
    segment.decode(language, "")
    assert [encoded[1] for encoded, _ in decoder.decoded_windows] == [frames]


def test_english_answer_without_an_end_is_decoded_with_thirty_seconds_next() -> None:
    decoder = FakeDecoder(lambda encoded, _: GOOD if encoded[1] == LONGEST_FRAMES else LATE)
    assert segment_decoder(decoder, 1.2).decode("en", "").text == "Good."
    assert [encoded[1] for encoded, _ in decoder.decoded_windows] == [720, LONGEST_FRAMES]


def test_echo_of_the_priming_sentence_lends_no_marks() -> None:
    echo = GOOD._replace(text=" This is a sentence in English.")
    decoder = FakeDecoder(lambda _, settings: echo if settings.primed else HEARD)
    assert segment_decoder(decoder, 4.0).decode("en", "").text == HEARD.text.strip()


@pytest.mark.parametrize(("log_probability", "text"), [(-0.88, ""), (-0.75, "You")])
def test_improbable_text_after_the_priming_sentence_is_no_speech(log_probability: float, text: str) -> None:
    you = GOOD._replace(text=" You", log_probability=log_probability, no_speech=0.57)
    echo = you._replace(text=" This is a sentence in English.")
    decoder = FakeDecoder(lambda _, settings: echo if settings.primed else you)
    assert segment_decoder(decoder, 2.0).decode("en", "").text == text


def test_partial_is_decoded_once_with_one_beam() -> None:
    decoder = FakeDecoder(lambda *_: GOOD._replace(text="I'm sorry. " * 20))
    partial = segment_decoder(decoder, 4.0, partial=True)
    assert list(partial.languages(Options())) == ["ja"]
    assert partial.decode("en", "").text == "I'm sorry."
    assert [settings.options.beams for _, settings in decoder.decoded_windows] == [1]


def test_only_a_partial_leaves_out_a_sentence_that_is_said_again() -> None:
    twice = GOOD._replace(text=" Water the plants before. Water the plants before.")
    decoder = FakeDecoder(lambda *_: twice)
    assert segment_decoder(decoder, 4.0, partial=True).decode("en", "").text == "Water the plants before."
    assert segment_decoder(decoder, 4.0).decode("en", "").text.count("Water") == 2


LONG_SOUNDS = [(HummingDecoder, 4.0, "Good."), (HummingDecoder, 20.0, ""), (FakeDecoder, 20.0, "Good.")]


@pytest.mark.parametrize(("decoder", "seconds", "text"), [*LONG_SOUNDS, (AnsweringDecoder, 20.0, "Good.")])
def test_few_improbable_words_are_no_text_of_long_sound(
    decoder: type[FakeDecoder], seconds: float, text: str
) -> None:
    thanks = GOOD._replace(log_probability=-1.2, no_speech=0.3)
    assert segment_decoder(decoder(lambda *_: thanks), seconds).decode("en", "").text == text


def test_noise_gives_no_text_and_loop_one_phrase() -> None:
    noise = GOOD._replace(no_speech=0.8, log_probability=-1.1)
    assert segment_decoder(FakeDecoder(lambda *_: noise), 4.0).decode("en", "").text == ""
    loop = GOOD._replace(text=" I'm sorry." * 20)
    assert segment_decoder(FakeDecoder(lambda *_: loop), 4.0).decode("en", "").text == "I'm sorry."


class CallingDecoder(FakeDecoder):
    """Decoder of audio with a word of half a second in each second."""

    def features(self, samples: Samples) -> Features:
        frames = np.arange(len(samples) // 160 + LONGEST_FRAMES)
        return np.where((frames % 100 < 50) & (frames < len(samples) // 160), 1.0, -0.5).astype(np.float32)[None]


@pytest.mark.parametrize(
    ("decoder", "times", "written"),
    [
        (CallingDecoder, 8, 5),
        (CallingDecoder, 4, 5),
        (CallingDecoder, 5, 5),
        (CallingDecoder, 10, 10),
        (CallingDecoder, 11, 0),
        (FakeDecoder, 8, 8),
    ],
    ids=["too often", "too seldom", "as often", "two syllables", "loop", "one sound"],
)
def test_short_word_is_written_as_often_as_it_sounds(decoder: type[FakeDecoder], times: int, written: int) -> None:
    said = GOOD._replace(text="好。" * times, no_speech=0.4)
    assert segment_decoder(decoder(lambda *_: said), 5.0).decode("zh", "").text == "好。" * written


@pytest.mark.parametrize(
    ("two", "written"),
    [
        (GOOD._replace(text="好。好。"), "好。" * 5),
        (GOOD._replace(text="好。行。"), ""),
        (GOOD._replace(text="好。好。", no_speech=0.7), ""),
    ],
    ids=["said twice", "two words", "perhaps nobody spoke"],
)
def test_short_word_that_is_lost_is_decoded_in_its_first_two_sounds(two: DecodeResult, written: str) -> None:
    loop = GOOD._replace(text="好。" * 40, no_speech=0.7)
    decoder = CallingDecoder(lambda encoded, _: two if encoded[1] == 470 else loop)
    assert segment_decoder(decoder, 5.0).decode("zh", "").text == written


@pytest.mark.parametrize(
    ("said", "partial", "written"),
    [("保险了。", False, "好。" * 5), ("保险了。", True, "保险了。"), ("55577", False, "55577")],
    ids=["fewer characters", "partial", "digits are one word"],
)
def test_fewer_characters_than_alike_sounds_are_none_of_them(said: str, partial: bool, written: str) -> None:
    two = GOOD._replace(text="好。好。")
    decoder = CallingDecoder(lambda encoded, _: two if encoded[1] == 470 else two._replace(text=said))
    assert segment_decoder(decoder, 5.0, partial=partial).decode("zh", "").text == written


def test_window_of_almost_30_seconds_is_no_longer_than_30() -> None:
    decoder = FakeDecoder(lambda *_: GOOD)
    segment_decoder(decoder, 29.5).decode("en", "")
    assert decoder.encoded == [(0, 3000)]


def test_window_of_30_seconds_is_not_decoded_twice() -> None:
    decoder = FakeDecoder(lambda *_: GOOD._replace(no_speech=0.7))
    segment_decoder(decoder, 29.5).decode("en", "")
    assert len(decoder.decoded_windows) == 1


DOUBTFUL = GOOD._replace(log_probability=-0.85)
LOOP = GOOD._replace(text=" Bye, bye." + " bye." * 20)


@pytest.mark.parametrize(
    ("result", "gain", "partial", "text"),
    [
        (DOUBTFUL, 1.2, False, ""),
        (DOUBTFUL, 2.0, False, "Good."),
        (GOOD, 1.2, False, "Good."),
        (DOUBTFUL, 1.2, True, "Good."),
        (LOOP, 1.2, False, ""),
        (LOOP, 2.0, False, "Bye."),
    ],
    ids=["sound", "speech", "probable", "partial", "loop of a sound", "loop of speech"],
)
def test_doubtful_text_that_silence_gives_almost_as_well_is_no_speech(
    result: DecodeResult, gain: float, partial: bool, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = FakeDecoder(lambda *_: result)
    asked: list[tuple[DecodeSettings, str]] = []

    def compared(encoded: Any, settings: DecodeSettings, said: str) -> float:
        asked.append((settings, said))
        return gain

    monkeypatch.setattr(decoder, "gain_over_silence", compared)
    assert segment_decoder(decoder, 1.0, partial).decode("en", "").text == text
    assert len(asked) <= 1 and all(settings.primed for settings, _ in asked)
    assert bool(asked) is (result is not GOOD and not partial)
    assert segment_decoder(decoder, 1.0, translates=True).decode("en", "").text != ""
