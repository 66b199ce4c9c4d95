"""Test that speech in another language of the speaker is read, which Whisper passes over."""

from typing import Any

import pytest

from protocol.recognition import Options
from tests.worker.engines.whisper.stand_ins import GOOD, FakeReader, PausingReader, SkippingReader, decoder
from worker.engines.whisper.engine import _transcript
from worker.engines.whisper.reader import Hints, Phrase, Reading

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

    def answer(encoded: tuple[int, int], hints: Hints) -> Reading:
        return ANSWER._replace(text=f" {hints.asked.language}.") if encoded[0] else first

    reader = PausingReader(answer)
    assert decoder(reader, 5.5).decode("zh", "", ("zh", "fr")).text == "我还没有， zh."
    monkeypatch.setattr(reader, "languages", lambda encoded: ["fr", "zh"] if encoded[0] else ["zh", "fr"])
    assert "fr." in decoder(reader, 5.5).decode("zh", "", ("zh", "fr")).text


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
