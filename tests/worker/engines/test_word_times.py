"""Words from pieces of text: where they begin and end, and which pieces belong together."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.captions import locate_words
from protocol.recognition import Word
from worker.engines.vocabulary import join_pieces
from worker.engines.word_times import TimedPiece, pieces_of, timed_words

TEXTS = [
    "▁turn",
    " it",
    "'",
    "s",
    "▁",
    "打",
    "开",
    "。",
    ",",
    "wi",
    "fi",
    "7",
    "<0xE4>",
    "<0xBD>",
    "<0xA0>",
    "<s>",
]


def said(*texts: str) -> list[TimedPiece]:
    """Return pieces that were heard at 0, 0.2, 0.4 s and so on."""
    return [TimedPiece(text, place / 5) for place, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["▁seven", "▁for", "ty", "▁two"], ["seven", "forty", "two"]),
        ([" it", "'", "s", " 7", ".", "5", " m", "."], ["it's", "7.5", "m"]),
        ([" like ", "to", "▁", "go"], ["like", "to", "go"]),
        (["打", "开", "▁wi", "fi", "，", "好", "吗", "？"], ["打", "开", "wifi", "好", "吗"]),
        (["打", "开", "wi", "fi", "吧"], ["打", "开", "wifi", "吧"]),
        (["好", "<0xE4>", "<0xBD>", "<0xA0>", "a"], ["好", "你", "a"]),
        (["caf", "<0xC3>", "<0xA9>", "▁noir"], ["café", "noir"]),
        (["<|zh|>", "<|HAPPY|>", "▁", "好", "<|EMO_UNKNOWN|>"], ["好"]),
        (["。", "<s>"], []),
        ([], []),
    ],
)
def test_pieces_become_words_without_tags_and_punctuation_around_them(texts: list[str], words: list[str]) -> None:
    assert [word.text for word in timed_words(said(*texts), 9.0)] == words


def test_word_ends_where_the_next_piece_begins_or_soon_after_its_last_sound() -> None:
    pieces = [
        TimedPiece("▁one", 0.0),
        TimedPiece("▁sev", 0.1),
        TimedPiece("en", 0.25),
        TimedPiece(".", 2.0),
        TimedPiece("▁two", 3.0),
    ]
    assert timed_words(pieces, 3.1) == (Word("one", 0, 100), Word("seven", 100, 550), Word("two", 3000, 3100))


def test_pieces_of_a_text_begin_at_their_places() -> None:
    assert pieces_of(" Like to, 你好", [(0, 0.0), (6, 0.5), (10, 1.0), (11, 1.1), (11, 1.2)]) == [
        TimedPiece(" Like ", 0.0),
        TimedPiece("to, ", 0.5),
        TimedPiece("你", 1.0),
        TimedPiece("好", 1.2),
    ]
    assert pieces_of("", []) == []


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.floats(0, 1)), max_size=30))
def test_words_are_in_order_and_are_found_in_the_text(drawn: list[tuple[str, float]]) -> None:
    times_s = accumulate(step for _, step in drawn)
    pieces = [TimedPiece(text, at_s) for (text, _), at_s in zip(drawn, times_s, strict=True)]
    length_s = pieces[-1].at_s if pieces else 0.0
    words = timed_words(pieces, length_s)
    times = [ms for word in words for ms in (word.start_ms, word.end_ms)]
    assert times == sorted(times) and all(ms <= round(1000 * length_s) for ms in times)
    assert len(locate_words(join_pieces(piece.text for piece in pieces), words)) == len(words)
