"""Plain words for messages that cannot be decoded: which field, what it is, and what it must be.

The words of msgspec are for programmers, and quote values. Here a value is never quoted, because it may be speech.
"""

import re
import threading
from collections.abc import Iterator
from enum import EnumType
from functools import cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from protocol.errors import NOT_JSON, MalformedMessage
from protocol.forms import WORDS

_T = TypeVar("_T")

_WORDS: Final = {
    "array": "a list",
    "bool": "true or false",
    "bytes": "bytes in base64",
    "float": "a number",
    "int": "a whole number",
    "object": "an object",
    "str": "a text",
}
_GIVEN: Final = _WORDS | {"float": "a decimal number"}
_UNITS: Final = {"array": "entries", "bytes": "bytes", "object": "entries", "str": "characters"}
_COMPARED: Final = {"<=": "of at most", ">=": "of at least", "<": "below", ">": "above"}
_MISMATCH: Final = re.compile(r"Expected `([^`]+)`, got `(\w+)`")
_LENGTH: Final = re.compile(r"Expected `(\w+)` of length ([<>]=)? ?(\d+)")
_LIMIT: Final = re.compile(r"Expected `(\w+)` ([<>]=?) (\S+)")
_FORM: Final = re.compile(r"Expected `str` matching regex '(.*)'")
_KIND: Final = re.compile(r"Expected `([^`]+)`")
_ABSENT: Final = re.compile(r"Object missing required field `([^`]+)`")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `([\w.-]{1,64})`")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[[^\]]*\]")


_preparing: Final = threading.Lock()
_prepared: Final = set[Any]()


def prepared(kind: _T) -> _T:
    """Return a type once msgspec knows its fields, so that several threads may decode it.

    msgspec 0.22 learns them at the first use. A second thread that uses them half-learned ends the process.
    """
    if kind not in _prepared:
        with _preparing:
            msgspec.json.Decoder(kind)
            _prepared.add(kind)
    return kind


class JsonDecoder(Generic[_T]):
    """Decoder of one type of JSON, called with the data. ``complaint``: begins the text of its errors."""

    def __init__(self, kind: Any, complaint: str = "") -> None:
        self._kind, self._complaint = kind, complaint
        self._decoder: msgspec.json.Decoder[_T] = msgspec.json.Decoder(prepared(kind))

    def __call__(self, data: bytes | str) -> _T:
        """Return the decoded data. Raises ``MalformedMessage``."""
        try:
            return self._decoder.decode(data)
        except NOT_JSON as error:
            raise MalformedMessage(self._complaint + explain(error, self._kind)) from error


def explain(error: Exception, kind: Any = None) -> str:
    """Describe the fault of data that msgspec refused. ``kind``: the type that the data should have.

    Other exceptions keep their own message.
    """
    match error:
        case msgspec.ValidationError():
            text, _, place = str(error).rpartition(" - at `")
            return _invalid(text, place.rstrip("`"), kind) if text else _invalid(place, "$", kind)
        case msgspec.DecodeError():
            found = str(error)
            if found == "Input data was truncated":
                return "the JSON ends too early"
            return f"the {found}" if found.startswith("JSON is malformed") else "it cannot be decoded"
        case UnicodeError():
            return "the JSON is not UTF-8"
        case RecursionError():
            return "the JSON is nested too deeply"
    return str(error)


def _invalid(text: str, place: str, kind: Any) -> str:
    path = place.removeprefix("key` in `")
    named = f"`{path[2:]}`" if path.startswith("$.") else f"`{path[1:]}`" if path != "$" else "the JSON"
    subject = f"a key of {named}" if path != place else named
    if found := _ABSENT.fullmatch(text):
        return f"`{f'{path}.{found[1]}'[2:]}` is missing"
    if text.startswith("Object contains unknown field"):
        found = _UNKNOWN.fullmatch(text)
        return f"there is no field `{f'{path}.{found[1]}'[2:]}`" if found else f"{subject} has an unknown field"
    if found := _MISMATCH.fullmatch(text):
        return f"{subject} must be {_type_words(found[1])}, not {_GIVEN.get(found[2], found[2])}"
    if text.startswith(("Invalid enum value", "Invalid value")):
        choices = ", ".join(_choices(kind, path)) if path == place and kind is not None else ""
        return f"{subject} must be one of {choices}" if choices else f"{subject} has a value that does not exist"
    return f"{subject} {_limits_text(text)}"


def _limits_text(text: str) -> str:
    """Describe the limits of a value that has the right type."""
    if found := _LENGTH.match(text):
        if found[2] == ">=" and found[3] == "1":
            return f"must be {_type_words(found[1])} that is not empty"
        size = f"{_COMPARED[found[2]]} {found[3]}" if found[2] else f"of {found[3]}"
        return f"must be {_type_words(found[1])} {size} {_UNITS[found[1]]}"
    if found := _LIMIT.match(text):
        return f"must be {_type_words(found[1])} {_COMPARED[found[2]]} {found[3]}"
    if found := _FORM.match(text):
        return f"must be {WORDS[found[1]]}" if found[1] in WORDS else "has a form that is not allowed"
    if text == "Invalid UUID":
        return "must be a UUID"
    if text.endswith("encoded date"):
        return "must be a date such as 2026-03-01"
    if "base64" in text:
        return f"must be {_WORDS['bytes']}"
    if "out of range" in text:
        return "must be a number that is not as large"
    found = _KIND.fullmatch(text)
    return f"must be {_type_words(found[1])}" if found else "is not valid"


def _type_words(kinds: str) -> str:
    named = [kind for kind in kinds.split(" | ") if kind != "null"] or ["null"]  # null: as if it were left out
    return " or ".join(_WORDS.get(kind, kind) for kind in named)


def _choices(kind: Any, path: str) -> tuple[str, ...]:
    """Return the values that the field at ``path`` may have, if they can be counted."""
    found = [_type_info(kind)]
    for step in _STEP.finditer(path):
        found = [inner for outer in found for inner in _inside(outer, step[1])]
    return tuple(dict.fromkeys(str(value) for alternative in found for value in _values(alternative)))


@cache
def _type_info(kind: Any) -> Any:
    from msgspec import inspect  # late: few messages are wrong

    return inspect.type_info(kind)


def _inside(kind: Any, field: str | None) -> Iterator[Any]:
    """Yield the types of a field, or of the items if it is ``None``."""
    for one in _alternatives(kind):
        if field is None:
            yield from (getattr(one, name) for name in ("item_type", "value_type") if hasattr(one, name))
            yield from getattr(one, "item_types", ())
        elif field == getattr(one, "tag_field", None):
            yield one.tag
        else:
            yield from (known.type for known in getattr(one, "fields", ()) if known.encode_name == field)


def _values(kind: Any) -> Iterator[Any]:
    """Yield the values of an enumeration, or of a literal, or the tag of a structure."""
    for one in _alternatives(kind):
        if isinstance(one, str | int):
            yield one
        elif hasattr(one, "values"):
            yield from one.values
        elif isinstance(getattr(one, "cls", None), EnumType):
            yield from (member.value for member in one.cls)


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types of a union, or the only one, without their descriptions."""
    if hasattr(kind, "types"):
        for one in kind.types:
            yield from _alternatives(one)
    elif hasattr(kind, "extra_json_schema"):
        yield from _alternatives(kind.type)
    else:
        yield kind
