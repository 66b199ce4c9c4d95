"""Replacement of unpaired surrogates, which no encoding has, in the texts of messages. Pure."""

from typing import Any

import msgspec


def to_encodable(message: object) -> Any:
    """Return a message as plain values, with U+FFFD in place of each unpaired surrogate of its texts.

    Two surrogates that form a pair become one character. Bytes stay bytes.
    """
    return _to_encodable(msgspec.to_builtins(message, builtin_types=(bytes,)))


def _to_encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_to_encodable(key): _to_encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_to_encodable(each) for each in value]
    return value
