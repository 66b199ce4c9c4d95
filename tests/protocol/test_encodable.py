"""Replacement of characters that cannot be encoded, and of nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.encodable import to_encodable
from protocol.recognition import Word
from protocol.session import Final

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))


def test_unpaired_surrogates_are_replaced_and_pairs_are_joined() -> None:
    assert to_encodable("a\ud800b\udc00 c\ud83d") == "a\ufffdb\ufffd c\ufffd"
    assert to_encodable("\ud83d\ude00") == "\N{GRINNING FACE}"


def test_texts_within_a_message_are_replaced() -> None:
    final = Final(3, "kia\ud800 ora", words=(Word("ora\udfff", 0, 9),))
    found = to_encodable(final)
    assert (found["segment"], found["text"], found["words"][0]["text"]) == (3, "kia\ufffd ora", "ora\ufffd")
    assert to_encodable([b"\xff", 7, None]) == [b"\xff", 7, None]


@given(ANY_TEXT)
def test_every_text_becomes_encodable_and_encodable_texts_stay(text: str) -> None:
    found = to_encodable(text)
    found.encode()
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert found == text
