import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.replacements.rules import Replacement
from app.replacements.spreadsheets import Sheet, decode_text, from_text, to_csv

TEXT = st.text(st.sampled_from('a翡,;"\t\n') | st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
RULES = st.lists(
    st.builds(Replacement, TEXT.map(str.strip).filter(bool), TEXT, st.booleans(), st.booleans()), max_size=5
)


@given(RULES)
def test_csv_round_trip_keeps_rules(rules: list[Replacement]) -> None:
    assert from_text(to_csv(rules)) == Sheet(tuple(rules))


@given(st.text(max_size=60) | st.text(st.sampled_from('a翡,;"\t\n '), max_size=60))
def test_from_text_accepts_any_text(text: str) -> None:
    assert all(rule.hears for rule in from_text(text).rules)


@pytest.mark.parametrize(
    ("text", "sheet"),
    [
        ("git hub,GitHub\r\num,\r\n", Sheet((Replacement("git hub", "GitHub"), Replacement("um")))),
        ("git hub\tGitHub, Inc.\num\t", Sheet((Replacement("git hub", "GitHub, Inc."), Replacement("um")))),
        ("Hears;Writes\na;b\n", Sheet((Replacement("a", "b"),))),
        ("a,b,no,yes\nc,d,是,否", Sheet((Replacement("a", "b", False, True), Replacement("c", "d")))),
        ("alone\na,b,perhaps\n,b\n\nx,y", Sheet((Replacement("x", "y"),), 3)),
        ("", Sheet(())),
    ],
)
def test_from_text_reads_foreign_formats(text: str, sheet: Sheet) -> None:
    assert from_text(text) == sheet


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_decoded_reads_what_excel_writes_in_chinese(encoding: str) -> None:
    text = "吉特哈布\tGitHub\r\n嗯，这个\t\r\n"
    assert decode_text(text.encode(encoding), chinese=True) == text


@pytest.mark.parametrize(
    ("text", "encoding", "chinese"),
    [
        ("Müller,Mueller\nGrüße,Gruesse", "cp1252", True),
        ("關鍵詞,替換為另一個說法", "big5", True),
        ("КОД,код", "cp1251", False),
        ("吉特哈布,GitHub", "gbk", False),
    ],
)
def test_decoded_refuses_other_encodings(text: str, encoding: str, chinese: bool) -> None:
    assert decode_text(text.encode(encoding), chinese=chinese) is None


def test_decoded_refuses_bytes_that_are_no_text() -> None:
    assert decode_text(b"\xff\xfe\x00", chinese=True) is None and decode_text(b"\x80\xff", chinese=True) is None


def test_header_with_the_titles_of_the_window_is_no_rule() -> None:
    rules = Sheet((Replacement("recognised", "recognized"),))
    titles = ("Recognised", "Replacement")
    assert from_text("recognised,replacement,word,Aa\nrecognised,recognized", titles) == rules
    assert from_text("recognised,recognized", titles) == rules


def test_from_text_leaves_out_long_lines() -> None:
    assert from_text(f"a,{'x' * 10_000}\nb,c") == Sheet((Replacement("b", "c"),), 1)
    assert from_text("x" * 200_000 + ",y\nb,c").left_out == 1
    assert from_text("a,b\n" * 10_001).left_out == 1
