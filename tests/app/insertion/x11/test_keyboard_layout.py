import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insertion.errors import CannotType
from app.insertion.x11.keyboard import (
    MOST_KEYS_AT_ONCE,
    RETURN,
    Layout,
    Stroke,
    batches,
    changes,
    keysym,
    read_layout,
    redefines_code,
)

# Codes 8 to 19: an unusable spare code, four letters, Return, digits with punctuation; then spare codes.
ROWS = [[], [97, 65, 0x6C6, 0x6E6], [98, 66], [99, 67], [100, 68], [RETURN], [49, 33], [50, 64], *([[0, 0]] * 4)]
LAYOUT = read_layout(ROWS, 8, 0)


def typed(text: str, layout: Layout, lent: dict[int, int]) -> str:
    """Return the text that a program sees, which reads the table at the end of each batch."""
    shown = {(stroke.code, stroke.shift): sym for sym, stroke in layout.keys.items()}
    result = ""
    for batch in batches(text, layout, lent):
        assert len(batch.strokes) <= MOST_KEYS_AT_ONCE
        assert set(batch.borrowed) <= set(layout.spare)
        for stroke in batch.strokes:
            sym = batch.borrowed.get(stroke.code) or shown[stroke.code, stroke.shift]
            result += "\n" if sym == RETURN else chr(sym - 0x01000000 if sym > 0xFFFF else sym)
    return result


@given(st.text(st.sampled_from("abcDABC12!\n汉字输入法é😀ж" + string.punctuation), max_size=200))
def test_any_text_is_typed_unchanged(text: str) -> None:
    assert typed(text, LAYOUT, {}) == text
    assert typed(text, LAYOUT, {16: keysym("汉"), 18: keysym("é")}) == text


def test_table_is_read_for_the_active_layout() -> None:
    assert LAYOUT.keys[ord("A")] == Stroke(9, True)
    assert LAYOUT.spare == (16, 17, 18, 19)
    assert read_layout(ROWS, 8, 1).keys[0x6C6] == Stroke(9)
    assert set(read_layout(ROWS, 8, 2).keys) == {RETURN}


def test_spare_codes_change_meaning_as_seldom_as_possible() -> None:
    pieces = list(batches("汉字汉字输" * 20, LAYOUT, {17: keysym("字")}))
    assert len({tuple(sorted(piece.borrowed.items())) for piece in pieces}) == 1
    assert pieces[0].borrowed[17] == keysym("字")


def test_least_recently_used_meaning_is_replaced() -> None:
    last = list(batches("汉字输入汉字输法", LAYOUT, {}))[-1]
    assert set(last.borrowed.values()) == {keysym(char) for char in "汉字输法"}


def test_table_changes_are_counted() -> None:
    lent = {16: keysym("汉")}
    once, twice = list(batches("汉字a", LAYOUT, lent)), list(batches("汉字输入法", LAYOUT, lent))
    assert (changes(lent, once), redefines_code(lent, once)) == (1, False)
    assert (changes(lent, twice), redefines_code(lent, twice)) == (4, True)


def test_line_break_is_typed_as_shift_return() -> None:
    (batch,) = batches("a\n", LAYOUT, {}, shift_return=True)
    assert batch.strokes == [Stroke(9), Stroke(13, True)]


def test_only_layout_characters_are_typed_without_spare_codes() -> None:
    full = Layout(LAYOUT.keys, ())
    assert typed("abc", full, {}) == "abc"
    with pytest.raises(CannotType):
        list(batches("ab汉", full, {}))
