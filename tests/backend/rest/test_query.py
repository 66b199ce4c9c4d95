"""Test the parsing of request parameters."""

import pytest
from aiohttp.test_utils import make_mocked_request

from backend.rest.query import only_printable, read_query
from protocol.errors import MalformedMessage
from protocol.rest import ListQuery, SessionState


def read(query: str) -> ListQuery:
    return read_query(make_mocked_request("GET", f"/?{query}"), ListQuery)


def test_parameters_are_parsed_without_the_key() -> None:
    assert read("") == ListQuery()
    assert read("state=done&limit=7&before=0&api_key=secret") == ListQuery(SessionState.DONE, before=0, limit=7)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=7&limit=8", "limit is there twice"),
        ("colour=blue", "there is no field `colour`"),
        ("limit=0", "`limit` must be a whole number of at least 1"),
        ("limit=many", "`limit` must be a whole number$"),
        ("owner=me", "`owner` must be digits and letters from a to f$"),
        ("before=null", "before"),
        ("owner=ab%0a", "owner may not have control"),
        ("owner=%ed%a0%80", "owner"),
        ("state=Done", "`state` must be one of submitted, "),
    ],
)
def test_error_names_invalid_parameter(query: str, message: str) -> None:
    with pytest.raises(MalformedMessage, match=message):
        read(query)


@pytest.mark.parametrize("text", ["a\0b", "a\nb", "\x7f", "\ud800"])
def test_unstorable_text_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage, match="name"):
        only_printable("name", text)
    assert only_printable("name", "会议 é 🎙") == "会议 é 🎙"
