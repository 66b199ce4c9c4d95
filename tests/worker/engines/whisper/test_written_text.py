"""Test which marks and capitals a text takes over from another decode of the same speech."""

from math import inf

import pytest

from tests.worker.engines.whisper.stand_ins import GOOD
from worker.engines.whisper.decoder import Phrase
from worker.engines.whisper.written_text import is_well_written, lend_marks, with_marks_of


@pytest.mark.parametrize(
    ("text", "well"),
    [
        (" Is it here?", True),
        (" 3 of them are here.", True),
        (" is it here?", False),
        (" Is it here", False),
        (" Is it here,", False),
        ("", False),
    ],
)
def test_text_is_well_written_with_capital_and_end(text: str, well: bool) -> None:
    assert is_well_written(text) is well


@pytest.mark.parametrize(
    ("text", "marked", "written"),
    [
        (" she came on monday", " She came on Monday.", " She came on Monday."),
        (" she came she saw", " She came. She saw.", " She came. She saw."),
        (" she finished the race", " Chi finished the race.", " She finished the race."),
        (" was calm the sun", " It was calm. The sun.", " Was calm. The sun."),
        (" that his mother called", " That is Mother called.", " That his mother called."),
        (" it rose by 11%", " It rose by 11.", " It rose by 11%"),
        (" an email to bob please", " An e-mail to Bob, please.", " An email to Bob, please."),
        (" we're late at 9:30", " Were late at 9:30.", " We're late at 9:30."),
        (" for 30 years.", " For 30 years, for 30 years, for", " For 30 years."),
        (" hello", " ...", " hello"),
        ("", " Hello.", ""),
    ],
    ids=[
        *("capitals", "sentences", "another word", "more words", "a name elsewhere", "a sign", "another spelling"),
        *("an apostrophe", "a loop", "no word to lend", "no word"),
    ],
)
def test_words_stay_and_marks_are_lent(text: str, marked: str, written: str) -> None:
    assert with_marks_of(text, marked) == written


def test_phrases_have_the_marks_and_the_words_of_their_text() -> None:
    phrases = (Phrase(" we left", 0.0, 1.0), Phrase(" she stayed", 1.2, inf))
    heard = GOOD._replace(text=" we left she stayed", phrases=phrases)
    result = lend_marks(heard, GOOD._replace(text=" We left. She stayed."))
    assert result.text == " We left. She stayed." == "".join(phrase.text for phrase in result.phrases)
    assert [(phrase.start_s, phrase.end_s) for phrase in result.phrases] == [(0.0, 1.0), (1.2, inf)]
