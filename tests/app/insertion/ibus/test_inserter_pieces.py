"""Texts are split to fit the limits of clients."""

import pytest

from app.insertion.ibus.inserter import arrives_by_xim, pieces


def test_long_text_is_split_below_the_limit_of_the_protocol() -> None:
    assert [len(piece) for piece in pieces("x" * 9000, xim=False)] == [4000, 4000, 1000]
    chinese = pieces("你好😀" * 900, xim=False)
    assert "".join(chinese) == "你好😀" * 900
    assert max(len(piece.encode()) for piece in chinese) <= 4000
    assert [len(piece) for piece in pieces("x" * 250, xim=True)] == [100, 100, 50]
    assert pieces("", xim=True) == pieces("", xim=False) == []


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("Hello, world", ["Hello, world"]),
        ("naïve café", ["naïve café"]),
        ("你好，世界。OK", ["你好，世界。OK"]),
        ("破折号——“引号”", ["破折号", "—", "—", "“引号”"]),
        ("a — b — c", ["a — b ", "— c"]),
        ("ok 😀 привет", ["ok 😀 ", "привет"]),
        ("한국어 𠮷 naïve", ["한국어 ", "𠮷 na", "ïve"]),
        ("日本語 привет", ["日本語 привет"]),
    ],
)
def test_piece_for_old_programs_has_one_character_set(text: str, split: list[str]) -> None:
    assert pieces(text, xim=True) == split
    assert pieces(text, xim=False) == [text]


def test_marks_and_joiners_are_not_for_old_programs() -> None:
    assert arrives_by_xim("naïve 你好 😀")
    assert arrives_by_xim("a — b")
    for text in ("破折号——“引号”", "e\u0301", "👨\u200d👩", "❤\ufe0f", "नमस्ते"):
        assert not arrives_by_xim(text)
