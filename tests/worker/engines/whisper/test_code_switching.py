"""Test that each part of a window in several languages is decoded in its own."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pytest

from tests.worker.engines.whisper.stand_ins import GOOD, FakeDecoder, segment_decoder
from worker.engines.whisper.decoder import (
    LONGEST_FRAMES,
    DecodeResult,
    DecodeSettings,
    Features,
    Phrase,
    Samples,
)

FIRST, LAST, ENGLISH, MORE = "我们下午见面。", "请带上笔记。", " Bring your notes.", " Come early."
IN_TURN = ((0, 200), (300, 520), (600, 850), (950, 1200))
"""Frames of four sounds. With 3 s of silence, the whole has 1500 frames, and each part another length."""
THREE = IN_TURN[:3]
SAID = {580: FIRST, 600: ENGLISH, 650: LAST, 570: MORE}


def said(text: str, **found: Any) -> DecodeResult:
    """Return a result with one phrase."""
    return GOOD._replace(text=text, phrases=(Phrase(text, 0.0, 2.0),), end_s=2.0, **found)


class TurnsDecoder(FakeDecoder):
    """Decoder of sounds that answers by the length of a window.

    ``languages`` of sounds, by their frames with the pauses around them: other sounds are Mandarin. Those in
    ``unclear`` can be told only by decoding them alone.
    """

    def __init__(
        self,
        sounds: Any,
        answers: dict[int, DecodeResult],
        languages: dict[int, str],
        unclear: Collection[int] = (),
    ) -> None:
        super().__init__(lambda window, _: answers.get(window[1], said("")))
        self.sounds, self.spoken, self.unclear = sounds, languages, unclear

    def features(self, samples: Samples) -> Features:
        found = np.full((1, len(samples) // 160 + LONGEST_FRAMES), -0.5, np.float32)
        for first, last in self.sounds:
            found[:, first:last] = 1.0
        return found

    def languages(self, encoded: Any) -> list[str]:
        return [self.spoken.get(encoded[1] - 300, "zh"), "zh", "en"]

    def languages_within(self, encoded: Any, parts: Sequence[tuple[int, int]]) -> list[dict[str, float]]:
        return [self.probabilities(last - first) for first, last in parts]

    def probabilities(self, frames: int) -> dict[str, float]:
        """Return how probable each language is in a sound of this length."""
        first = 0.01 if frames in self.unclear else 0.9
        return {"zh": 0.01, "en": 0.01, "de": 0.01} | {self.spoken.get(frames, "zh"): first}

    def words(self, encoded: Any, settings: DecodeSettings, text: str) -> list[tuple[int, float]]:
        return [(place, encoded[1] / 100 - 3.5) for place in range(len(text))]


def decode(decoder: TurnsDecoder, language: str = "zh", spoken: tuple[str, ...] = ("zh", "en")) -> str:
    """Return the text of all sounds."""
    return segment_decoder(decoder, decoder.sounds[-1][1] / 100).decode(language, "", spoken).text


IN_ENGLISH = {260: "en", 270: "en"}


def test_sentences_in_another_language_are_decoded_with_what_lies_between() -> None:
    answers = {1500: said(FIRST + LAST)} | {frames: said(text) for frames, text in SAID.items()}
    decoder = TurnsDecoder(IN_TURN, answers, IN_ENGLISH)
    decoded = segment_decoder(decoder, 12.0).decode("zh", "", ("zh", "en"))
    assert decoded.text == f"{FIRST}Bring your notes. {LAST}Come early."
    assert [phrase.start_ms for phrase in decoded.phrases] == [0, 2800, 5800, 9300]


def test_part_is_decoded_once_in_a_language() -> None:
    answers = {1500: said(FIRST + LAST)} | {frames: said(text) for frames, text in SAID.items()}
    decoder = TurnsDecoder(IN_TURN, answers, IN_ENGLISH)
    decode(decoder)
    assert sorted(window[1] for window, _ in decoder.decoded_windows) == [570, 580, 600, 650, 1500]


def test_sentence_between_is_decoded_too_if_whisper_passes_over_it() -> None:
    answers = {1150: said(FIRST), 580: said(FIRST), 600: said(ENGLISH), 570: said(LAST)}
    assert decode(TurnsDecoder(THREE, answers, {260: "en"})) == f"{FIRST}Bring your notes. {LAST}"


@pytest.mark.parametrize(
    ("found", "likeliest", "spoken"),
    [
        ({}, "zh", ("zh", "en")),
        ({}, "de", ("zh", "en")),
        ({}, "fr", ()),
        ({"log_probability": -0.9}, "en", ("zh", "en")),
        ({"no_speech": 0.3, "log_probability": -0.7}, "en", ("zh", "en")),
        ({"text": " This is a sentence in English."}, "en", ("zh", "en")),
    ],
    ids=["the same", "not spoken", "not looked for", "improbable", "a sound", "primed"],
)
def test_window_has_one_language_unless_another_was_certainly_spoken(
    found: dict[str, Any], likeliest: str, spoken: tuple[str, ...]
) -> None:
    english = said(ENGLISH)._replace(**found)
    answers = {1150: said(FIRST + LAST), 580: said(FIRST), 570: said(LAST)}
    decoder = TurnsDecoder(THREE, answers, {260: likeliest})
    second_sound(decoder, english, said(""))
    assert decode(decoder, spoken=spoken) == FIRST + LAST


def second_sound(decoder: TurnsDecoder, english: DecodeResult, mandarin: DecodeResult) -> None:
    """Let the decoder answer this for the second sound, in one language or the other."""
    answer = decoder.answer
    decoder.answer = lambda window, settings: (
        answer(window, settings)
        if window[1] != 600
        else english
        if settings.options.language == "en"
        else mandarin
    )


def test_sound_that_is_not_certainly_another_language_is_decoded_in_the_wanted_one() -> None:
    between = "下午有会。"
    answers = {1500: said(FIRST + LAST)} | {frames: said(text) for frames, text in SAID.items()}
    decoder = TurnsDecoder(IN_TURN, answers, IN_ENGLISH)
    second_sound(decoder, said(ENGLISH, log_probability=-0.9), said(between))
    assert decode(decoder) == FIRST + between + LAST + "Come early."


def test_part_whose_end_is_stated_late_is_surely_spoken() -> None:
    answers = {1150: said(FIRST + LAST), 580: said(FIRST), 570: said(LAST)}
    answers |= {600: said(ENGLISH)._replace(end_s=5.0), 900: said(ENGLISH)}
    decoder = TurnsDecoder(THREE, answers, {260: "en"})
    assert decode(decoder) == f"{FIRST}Bring your notes. {LAST}"


def test_english_and_mandarin_are_looked_for_when_the_languages_of_the_speaker_are_unknown() -> None:
    answers = {1150: said(FIRST + LAST), 580: said(FIRST), 600: said(ENGLISH), 570: said(LAST)}
    decoder = TurnsDecoder(THREE, answers, {260: "en"})
    assert decode(decoder, spoken=()) == f"{FIRST}Bring your notes. {LAST}"


@pytest.mark.parametrize("sounds", [((0, 200), (300, 450), (600, 850)), ((0, 200), (300, 340), (600, 850))])
def test_short_sound_is_in_the_language_of_its_neighbours(sounds: Any) -> None:
    answers = {1150: said(FIRST + LAST)}
    assert decode(TurnsDecoder(sounds, answers, {190: "en", 80: "en"})) == FIRST + LAST


@pytest.mark.parametrize(
    ("language", "other", "text"),
    [
        ("zh", "en", f"We meet. {LAST}Bring notes."),
        ("en", "zh", f"We meet. {LAST}Bring notes."),
        ("en", "en", "We meet. Bring notes."),
    ],
)
def test_mandarin_is_decoded_where_whisper_wrote_english_instead(language: str, other: str, text: str) -> None:
    english = said(" We meet. Bring notes.")
    answers = {1150: english, 580: said(" We meet."), 600: said(LAST), 570: said(" Bring notes.")}
    decoder = TurnsDecoder(THREE, answers, {220: "en", 270: "en"})
    assert decode(decoder, language, (language, other)) == text


def test_rest_of_a_part_after_a_pause_is_decoded() -> None:
    sounds = ((0, 200), (300, 520), (600, 820))
    answers = {1120: said(FIRST), 580: said(FIRST), 840: said(ENGLISH), 540: said(MORE)}
    decoder = TurnsDecoder(sounds, answers, {260: "en", 240: "en"})
    assert decode(decoder) == f"{FIRST}Bring your notes. Come early."


def test_sound_whose_language_is_unclear_is_decoded_alone_to_detect_it() -> None:
    answers = {1500: said(FIRST + LAST)} | {frames: said(text) for frames, text in SAID.items()}
    decoder = TurnsDecoder(IN_TURN, answers, IN_ENGLISH, unclear=(270,))
    assert decode(decoder) == f"{FIRST}Bring your notes. {LAST}Come early."


def test_probable_text_counts_although_speech_is_uncertain() -> None:
    answers = {1150: said(FIRST + LAST), 580: said(FIRST), 570: said(LAST)}
    decoder = TurnsDecoder(THREE, answers, {260: "en"})
    second_sound(decoder, said(ENGLISH, no_speech=0.3), said(""))
    assert decode(decoder) == f"{FIRST}Bring your notes. {LAST}"


@pytest.mark.parametrize("unclear", [(), (80,)])
def test_brief_sound_before_a_sentence_is_in_the_same_language(unclear: tuple[int, ...]) -> None:
    sounds = ((0, 200), (300, 340), (420, 640))
    answers = {940: said(FIRST), 580: said(FIRST), 660: said(ENGLISH)}
    assert decode(TurnsDecoder(sounds, answers, {80: "en", 240: "en"}, unclear)) == f"{FIRST}Bring your notes."


def test_language_of_a_sound_is_not_that_of_another_decode() -> None:
    answers = {1150: said("Wir kommen."), 600: said(" Nous venons.")}
    decoder = TurnsDecoder(THREE, answers, dict.fromkeys((220, 260, 270), "de"))
    segment = segment_decoder(decoder, 8.5)
    assert [segment.decode(language, "", ()).text for language in ("fr", "de")] == ["Wir kommen."] * 2
