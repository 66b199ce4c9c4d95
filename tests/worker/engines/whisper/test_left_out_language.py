"""Test that speech in another language of the speaker is read, which Whisper passes over."""

from typing import Any

import numpy as np
import pytest

from protocol.recognition import Options
from tests.worker.engines.whisper.stand_ins import GOOD, FakeReader, PausingReader, SkippingReader, decoder
from worker.engines.whisper.engine import _transcript
from worker.engines.whisper.reader import LONGEST_FRAMES, Features, Hints, Phrase, Reading, Samples

BEFORE, AFTER, OTHER = "我们下午见面。", "请带上笔记。", " Bring your notes."
SKIPPED = GOOD._replace(
    text=BEFORE + AFTER, phrases=(Phrase(BEFORE, 0.0, 5.0), Phrase(AFTER, 5.0, 8.0)), end_s=8.0
)
ANSWER = GOOD._replace(text=OTHER, end_s=2.0)


class BilingualReader(SkippingReader):
    """Reader of a window in Mandarin in which no word begins from 3 to 5 s; there ``language`` was spoken."""

    def __init__(self, found: dict[str, Any], language: str = "en") -> None:
        super().__init__(lambda window, _: SKIPPED if window[1] == 1100 else ANSWER._replace(**found))
        self.language = language

    def languages(self, encoded: Any) -> list[str]:
        return ["zh", "en"] if encoded[1] == 1100 else ["fr", self.language, "zh", "en"]

    def words(self, encoded: Any, hints: Hints, text: str) -> list[tuple[int, float]]:
        timed = [(at, 0.3 * at) for at in range(len(BEFORE))]  # the next word is timed in the pause before
        return [*timed, (len(BEFORE), 2.4), (len(BEFORE) + 1, 6.2), (len(BEFORE) + 2, 6.6)]


@pytest.mark.parametrize(
    ("found", "language", "text"),
    [
        ({}, "en", f"{BEFORE}Bring your notes. {AFTER}"),
        ({}, "zh", BEFORE + AFTER),
        ({}, "de", BEFORE + AFTER),
        ({"log_probability": -0.9}, "en", BEFORE + AFTER),
        ({"no_speech": 0.3}, "en", BEFORE + AFTER),
        ({"text": " This is a sentence in English."}, "en", BEFORE + AFTER),
    ],
    ids=["spoken", "the same", "not spoken", "improbable", "a sound", "primed"],
)
def test_sentence_in_another_language_that_whisper_passed_over_is_read(
    found: dict[str, Any], language: str, text: str
) -> None:
    assert decoder(BilingualReader(found, language), 8.0).decode("zh", "", ("zh", "en")).text == text


class AlternatingReader(FakeReader):
    """Reader of audio with 2 s of speech in each 3 s, and of a text whose words begin where ``words_at`` says."""

    def __init__(self, answers: dict[int, Reading], words_at: dict[str, list[float]], parts: str) -> None:
        super().__init__(lambda window, _: answers.get(window[1], ANSWER))
        self.words_at, self.parts = words_at, parts

    def features(self, samples: Samples) -> Features:
        frames = np.arange(len(samples) // 160 + LONGEST_FRAMES)
        return np.where((frames % 300 < 200) & (frames < len(samples) // 160), 1.0, -0.5).astype(np.float32)[None]

    def languages(self, encoded: Any) -> list[str]:
        return [self.parts]

    def words(self, encoded: Any, hints: Hints, text: str) -> list[tuple[int, float]]:
        return list(enumerate(self.words_at[text]))


IN_MANDARIN = [*(0.3 * at for at in range(len(BEFORE))), *(6 + 0.3 * at for at in range(len(AFTER)))]


def test_sentences_in_another_language_at_several_places_are_read() -> None:
    come = GOOD._replace(text=" Come early.", end_s=2.0)
    words_at = {BEFORE + AFTER: IN_MANDARIN}
    reader = AlternatingReader({1400: SKIPPED, 520: come}, words_at, "en")
    passage = decoder(reader, 11.0).decode("zh", "", ("zh", "en"))
    assert passage.text == f"{BEFORE}Bring your notes. {AFTER}Come early."
    assert [phrase.start_ms for phrase in passage.phrases] == [0, 2800, 5200, 8800]


def test_two_sentences_in_another_language_at_one_place_are_read() -> None:
    come = GOOD._replace(text=" Come early.", end_s=2.0)
    only = SKIPPED._replace(text=BEFORE, phrases=(Phrase(BEFORE, 0.0, 8.0),))
    words_at = {BEFORE: IN_MANDARIN[: len(BEFORE)], OTHER: [0.2, 0.6, 1.0], come.text: [0.2, 0.6]}
    reader = AlternatingReader({1100: only, 520: come}, words_at, "en")
    assert decoder(reader, 8.0).decode("zh", "", ("zh", "en")).text == f"{BEFORE}Bring your notes. Come early."


@pytest.mark.parametrize(
    ("language", "text"), [("zh", f"We meet. {AFTER}Bring notes."), ("en", "We meet. Bring notes.")]
)
def test_mandarin_is_read_where_whisper_wrote_english_instead(language: str, text: str) -> None:
    said = (Phrase(" We meet.", 0.0, 5.0), Phrase(" Bring notes.", 5.0, 8.0))
    english = SKIPPED._replace(text="".join(one.text for one in said), phrases=said)
    spoken = [*(0.2 * at for at in range(9)), *(6 + 0.1 * at for at in range(13))]
    answers = {1100: english, 540: GOOD._replace(text=AFTER, end_s=2.0)}
    reader = AlternatingReader(answers, {english.text: spoken}, "zh")
    assert decoder(reader, 8.0).decode(language, "", (language,)).text == text


@pytest.mark.parametrize(
    ("likeliest", "text"), [("en", f"{BEFORE}Bring your notes. {AFTER}"), ("fr", BEFORE + AFTER)]
)
def test_english_and_mandarin_are_looked_for_when_the_languages_of_the_speaker_are_unknown(
    likeliest: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = BilingualReader({})
    monkeypatch.setattr(reader, "languages", lambda encoded: [likeliest, "en", "zh"])
    assert decoder(reader, 8.0).decode("zh", "").text == text


def test_rest_after_a_pause_is_read_in_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    first = GOOD._replace(text="我还没有。", phrases=(Phrase("我还没有。", 0.0, 2.0),), end_s=2.0)

    improbable: list[str] = []

    def answer(encoded: tuple[int, int], hints: Hints) -> Reading:
        language = hints.asked.language
        said = ANSWER._replace(text=f" {language}.", log_probability=-0.9 if language in improbable else -0.2)
        return said if encoded[0] else first

    reader = PausingReader(answer)
    assert decoder(reader, 5.5).decode("zh", "", ("zh", "fr")).text == "我还没有， zh."
    monkeypatch.setattr(reader, "languages", lambda encoded: ["fr", "zh"] if encoded[0] else ["zh", "fr"])
    assert "fr." in decoder(reader, 5.5).decode("zh", "", ("zh", "fr")).text
    improbable.append("fr")
    assert "zh." in decoder(reader, 5.5).decode("zh", "", ("zh", "fr")).text


@pytest.mark.parametrize(
    ("given", "likeliest", "language"),
    [(-1.1, "en", "en"), (-0.7, "en", "zh"), (-1.1, "zh", "zh")],
    ids=["doubted", "probable", "likeliest"],
)
def test_improbable_text_in_a_given_language_is_decided_by_the_likelier_one(
    given: float, likeliest: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The language of a recording is voted, but one sentence of it may be in another one."""

    def answer(_: tuple[int, int], hints: Hints) -> Reading:
        return GOOD._replace(log_probability=given if hints.asked.language == "zh" else -0.2)

    reader = FakeReader(answer)
    monkeypatch.setattr(reader, "languages", lambda encoded: [likeliest, "zh", "en"])
    found = _transcript(decoder(reader, 4.0), Options("zh", languages=("zh", "en")))
    assert found.language == language
