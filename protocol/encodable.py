"""Messages with texts that no encoding has. Pure."""

from typing import Any

import msgspec


def encodable(message: object) -> Any:
    """Return a message as plain values, with U+FFFD in place of each unpaired surrogate of its texts.

    Two surrogates that form a pair become one character. Bytes stay bytes.
    """
    return _encodable(msgspec.to_builtins(message, builtin_types=(bytes,)))


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {_encodable(key): _encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
    return value
