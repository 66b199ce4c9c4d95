"""Test that speech repeated after a pause is written again, and that Whisper's own repetitions are not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from protocol.recognition import Word
from tests.worker.engines.whisper.stand_ins import (
    GOOD,
    SECOND,
    FakeDecoder,
    PausingDecoder,
    SkippingDecoder,
    segment_decoder,
)
from worker.engines.whisper.decoder import DecodeResult, Phrase
from worker.engines.whisper.segment import SegmentDecoder

SENTENCE = " Please go on now."
WHOLE = GOOD._replace(text=SENTENCE, phrases=(Phrase(SENTENCE, 0.0, 4.0),), end_s=4.0)
REST = WHOLE._replace(phrases=(Phrase(SENTENCE, 0.2, 1.2),), end_s=1.2)
EARLY, LATE = 1.5, 3.5


def said(first: DecodeResult, rest: DecodeResult, last_word_s: float) -> tuple[str, Sequence[Word]]:
    """Return what is made of speech up to 2 s, a pause and speech from 3 to 4 s."""
    decoder = PausingDecoder(lambda encoded, _: rest if encoded[0] else first, lambda _: last_word_s)
    decoded = segment_decoder(decoder, 4.0).decode("en", "")
    return decoded.text, decoded.phrases


@pytest.mark.parametrize(
    ("rest", "last_word_s", "text"),
    [
        ({}, EARLY, f"{SENTENCE}{SENTENCE}"),
        ({"text": " On now."}, EARLY, " Please go on now on now."),
        ({"text": " Come back."}, EARLY, f"{SENTENCE} Come back."),
        ({}, LATE, SENTENCE),
        ({"no_speech": 0.3}, EARLY, SENTENCE),
        ({"log_probability": -0.9}, EARLY, f"{SENTENCE}{SENTENCE}"),
        ({"log_probability": -0.9, "no_speech": 0.3}, EARLY, SENTENCE),
        ({"text": ""}, EARLY, SENTENCE),
    ],
    ids=[
        "again",
        "its end again",
        "new",
        "decoded before",
        "perhaps nobody spoke",
        "misheard",
        "improbable",
        "nothing",
    ],
)
def test_speech_after_the_pause_after_the_last_word_is_decoded(
    rest: dict[str, Any], last_word_s: float, text: str
) -> None:
    assert said(WHOLE, REST._replace(**rest), last_word_s)[0] == text.strip()


def test_first_of_two_equal_sentences_ends_before_the_second() -> None:
    assert said(WHOLE, REST, EARLY)[1] == (Word("Please go on now", 0, 2800), Word("Please go on now", 3000, 4000))


@pytest.mark.parametrize(("no_speech", "times"), [(0.3, 2), (0.7, 1)])
def test_five_words_again_are_no_chance_of_sounds(no_speech: float, times: int) -> None:
    said_so = " Please go on right now."
    first, rest = (
        one._replace(text=said_so, phrases=(one.phrases[0]._replace(text=said_so),)) for one in (WHOLE, REST)
    )
    assert said(first, rest._replace(no_speech=no_speech), EARLY)[0] == (said_so * times).strip()
    other = rest._replace(no_speech=no_speech, text=" Please go in right now.")
    assert said(first, other, EARLY)[0].count("right now.") == times
    assert said(first, other, LATE)[0] == said_so.strip()


@pytest.mark.parametrize(("last_word_s", "times"), [(EARLY, 2), (LATE, 1)])
def test_speech_after_a_stated_end_is_said_again_if_the_last_word_lies_before_it(
    last_word_s: float, times: int
) -> None:
    ended = WHOLE._replace(phrases=(Phrase(SENTENCE, 0.0, 2.0),), end_s=2.0)
    assert said(ended, REST, last_word_s)[0] == (SENTENCE * times).strip()


@pytest.mark.parametrize(("no_speech", "times"), [(0.1, 3), (0.3, 1)], ids=["said", "loop"])
def test_sentence_three_times_is_written_as_often_as_it_was_surely_said(no_speech: float, times: int) -> None:
    loop = GOOD._replace(text=SENTENCE * 3)
    rest = GOOD._replace(text=SENTENCE * 2, no_speech=no_speech)
    assert said(loop, rest, EARLY)[0] == (SENTENCE * times).strip()


def test_translation_is_not_aligned_with_what_was_said() -> None:
    fake: Any = PausingDecoder(lambda *_: WHOLE, lambda _: EARLY)
    SegmentDecoder(fake, np.ones(4 * SECOND, np.float32), False, translates=True).decode("zh", "")
    assert len(fake.encoded) == 1


FIRST, OTHER = " Please go on right now.", " Come back."


class AligningDecoder(SkippingDecoder):
    """Decoder of which no word begins from 3 to 5 s in a whole window."""

    def words(self, encoded: Any, settings: Any, text: str) -> list[tuple[int, float]]:
        return [(0, 0.0), (len(FIRST), 6.2)] if encoded[1] == 1100 else [(0, 0.3), (len(text), 3.5)]


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({}, f"{FIRST}{FIRST}{OTHER}"),
        ({"text": f"{FIRST}{FIRST}"}, f"{FIRST}{OTHER}"),
        ({"text": f" Go on.{OTHER}"}, f"{FIRST}{OTHER}"),
        ({"text": OTHER}, f"{FIRST}{OTHER}"),
        ({"log_probability": -0.9}, f"{FIRST}{OTHER}"),
        ({"resume_s": 3.0}, f"{FIRST}{OTHER}"),
    ],
    ids=["again", "other words", "few words", "nothing", "improbable", "not to the end"],
)
def test_sentence_that_was_said_again_before_another_is_written_again(found: dict[str, Any], text: str) -> None:
    completed = GOOD._replace(
        text=f"{FIRST}{OTHER}", phrases=(Phrase(FIRST, 0.0, 5.0), Phrase(OTHER, 6.0, 8.0)), end_s=8.0
    )
    rest = completed._replace(phrases=(Phrase(completed.text, 0.2, 5.2),), end_s=5.2)
    decoder: FakeDecoder = AligningDecoder(
        lambda window, _: completed if window[1] == 1100 else rest._replace(**found)
    )
    assert segment_decoder(decoder, 8.0).decode("en", "").text == text.strip()


def test_sentence_that_was_found_three_times_is_no_loop() -> None:
    twice = GOOD._replace(text=FIRST * 2, phrases=(Phrase(FIRST, 0.0, 5.0), Phrase(FIRST, 6.0, 8.0)), end_s=8.0)
    rest = twice._replace(phrases=(Phrase(twice.text, 0.2, 5.2),), end_s=5.2)
    decoder: FakeDecoder = AligningDecoder(lambda window, _: twice if window[1] == 1100 else rest)
    assert segment_decoder(decoder, 8.0).decode("en", "").text == (FIRST * 3).strip()


@pytest.mark.parametrize(
    ("times", "written"), [(2, 2), (3, 3), (4, 0)], ids=["twice", "as often as it sounds", "loop"]
)
def test_phrase_said_as_often_as_there_are_sounds_is_no_loop(times: int, written: int) -> None:
    loop = GOOD._replace(text=SENTENCE * times, no_speech=0.4)
    decoder = SkippingDecoder(lambda *_: loop)
    assert segment_decoder(decoder, 8.0).decode("en", "").text == (SENTENCE * written).strip()


@pytest.mark.parametrize(("no_speech", "text"), [(0.1, f"{FIRST}{FIRST}{OTHER}"), (0.9, f"{FIRST}{OTHER}")])
def test_sentence_that_was_said_again_before_the_rest_is_decoded_with_it(no_speech: float, text: str) -> None:
    first = GOOD._replace(text=FIRST, phrases=(Phrase(FIRST, 0.0, 5.0),), end_s=6.0, resume_s=6.0)
    answers = {
        1100: first,
        820: GOOD._replace(text=FIRST + OTHER, no_speech=no_speech),
        500: GOOD._replace(text=OTHER),
    }
    decoder = SkippingDecoder(
        lambda window, _: answers.get(window[1], GOOD._replace(text="", no_speech=0.9)), lambda _: EARLY
    )
    assert segment_decoder(decoder, 8.0).decode("en", "").text == text.strip()
