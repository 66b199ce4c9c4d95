"""Plain words for messages that cannot be decoded."""

import subprocess
import sys
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from protocol import job, pairing, session
from protocol.decoding import explain
from protocol.errors import NOT_JSON, MalformedMessage, ProtocolError
from protocol.forms import MODEL

PRIVATE = "words of a user"
HALF_LEARNED = """
import threading
import msgspec
from protocol.decoding import prepared

def in_the_middle():
    other.start()
    other.join(0.5)  # ends the process unless it waits
    return int

class Inner(msgspec.Struct):
    size: "in_the_middle()"

class Outer(msgspec.Struct):
    inner: Inner

def decode():
    return msgspec.json.decode(b'{"inner": {"size": 1}}', type=prepared(Outer))

found = []
other = threading.Thread(target=lambda: found.append(decode()))
found.append(decode())
other.join()
assert found == [Outer(Inner(1))] * 2
"""


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(Struct):
    size: int


class First(Struct, tag="first", tag_field="type", forbid_unknown_fields=True):
    whole: Annotated[int, Meta(ge=1, le=3)] = 1
    number: Annotated[float, Meta(gt=0, lt=5)] = 1
    text: Annotated[str, Meta(min_length=1, max_length=20)] = "a"
    code: Annotated[str, Meta(pattern="^[0-9]+$")] = "1"
    model: Annotated[str, Meta(pattern=MODEL)] = ""
    colour: Colour | None = None
    colours: Annotated[tuple[Colour, ...], Meta(description="Several.")] = ()
    way: Annotated[Literal["in", "out"], Meta(description="Where to.")] = "in"
    inner: list[Inner] = []
    counts: dict[Colour, int] = {}
    pair: tuple[int, int] = (1, 2)
    sound: bytes = b""
    few: Annotated[list[int], Meta(max_length=1)] = []
    even: Annotated[int, Meta(multiple_of=2)] = 0
    flag: bool = True
    id: UUID | UnsetType = UNSET
    day: date | UnsetType = UNSET


class Second(Struct, tag="second", tag_field="type"):
    name: str


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('"whole": "x"', "`whole` must be a whole number, not a text"),
        ('"whole": 1.5', "`whole` must be a whole number, not a decimal number"),
        ('"whole": 9', "`whole` must be a whole number of at most 3"),
        ('"number": 0', "`number` must be a number above 0.0"),
        ('"number": 9', "`number` must be a number below 5.0"),
        ('"number": 1e999', "`number` must be a number that is not as large"),
        ('"text": null', "`text` must be a text, not null"),
        ('"text": ""', "`text` must be a text that is not empty"),
        ('"text": "123456789 123456789 123456789"', "`text` must be a text of at most 20 characters"),
        (f'"code": "{PRIVATE}"', "`code` has a form that is not allowed"),
        (f'"model": "{PRIVATE}"', "`model` must be letters, digits, dots, hyphens and underscores"),
        (f'"colour": "{PRIVATE}"', "`colour` must be one of red, blue"),
        ('"colour": []', "`colour` must be a text, not a list"),
        (f'"colours": ["red", "{PRIVATE}"]', "`colours[1]` must be one of red, blue"),
        (f'"way": "{PRIVATE} - at `$.text`"', "`way` must be one of in, out"),
        ('"inner": [{"size": 1}, {"size": "1"}]', "`inner[1].size` must be a whole number, not a text"),
        ('"inner": [{}]', "`inner[0].size` is missing"),
        ('"inner": {}', "`inner` must be a list, not an object"),
        (f'"counts": {{"{PRIVATE}": 1}}', "a key of `counts` has a value that does not exist"),
        ('"counts": {"red": "1"}', "`counts[...]` must be a whole number, not a text"),
        ('"pair": [1]', "`pair` must be a list of 2 entries"),
        (f'"sound": "{PRIVATE}"', "`sound` must be bytes in base64"),
        ('"few": [1, 2]', "`few` must be a list of at most 1 entries"),
        ('"even": 1', "`even` is not valid"),
        ('"flag": 1', "`flag` must be true or false, not a whole number"),
        (f'"id": "{PRIVATE}"', "`id` must be a UUID"),
        (f'"day": "{PRIVATE}"', "`day` must be a date such as 2026-03-01"),
        ('"other": 1', "there is no field `other`"),
        (f'"{PRIVATE}": 1', "the JSON has an unknown field"),
    ],
)
def test_error_names_field_and_types_but_no_value(given: str, says: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(f'{{"type": "first", {given}}}', type=First | Second)
    assert explain(refused.value, First | Second) == says


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (f'{{"type": "{PRIVATE}"}}'.encode(), "`type` must be one of first, second"),
        (b'{"type": 1}', "`type` must be a text"),
        (b"{}", "`type` is missing"),
        (b'{"type": "second"}', "`name` is missing"),
        (b"[]", "the JSON must be an object, not a list"),
        (b"{", "the JSON ends too early"),
        (b"{x}", "the JSON is malformed: object keys must be strings (byte 1)"),
        (b'"\xff"', "the JSON is not UTF-8"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
    ],
)
def test_error_describes_data_that_is_no_message(data: bytes, says: str) -> None:
    with pytest.raises(NOT_JSON) as refused:
        msgspec.json.decode(data, type=Any if data.startswith((b'"', b"[[")) else First | Second)
    assert explain(refused.value, First | Second) == says


def test_value_is_not_named_where_the_type_is_unknown() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"type": "first", "way": PRIVATE}, First)
    assert explain(refused.value) == "`way` has a value that does not exist"
    assert explain(KeyError("session")) == "'session'"


_scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.just(PRIVATE) | st.just("hello")
_names = st.sampled_from(
    ("type", "session", "options", "hotwords", "segment", "language", "codec", "audio", PRIVATE)
)
_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(_names, _json, max_size=6), st.sampled_from(("hello", "segment.begin", "finish", PRIVATE)))
def test_decoding_errors_contain_neither_words_of_the_library_nor_values(
    fields: dict[str, Any], kind: str
) -> None:
    data = msgspec.json.encode({**fields, "type": kind})
    for decode in (session.decode_client, session.decode_gateway, pairing.decode_request, job.decode_notice):
        try:
            decode(data)
        except MalformedMessage as error:
            text = str(error)
            assert not {"Expected", "Invalid", "Object", "$", PRIVATE} & set(text.replace("`", " ").split(" ")), (
                text
            )
            assert PRIVATE not in text
        except ProtocolError:
            pass


def test_type_is_learned_by_one_thread_at_a_time() -> None:
    assert subprocess.run([sys.executable, "-c", HALF_LEARNED]).returncode == 0
