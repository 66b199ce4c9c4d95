"""Parse the parameters of a request; unknown, repeated and invalid parameters are errors."""

from typing import Final, TypeVar

import msgspec
from aiohttp import web

from protocol.decoding import explain
from protocol.errors import MalformedMessage

T = TypeVar("T")

_KEY: Final = "api_key"


def read_query(request: web.Request, kind: type[T]) -> T:
    """Return the parameters as this type. Raises ``MalformedMessage``, which names the parameter."""
    values: dict[str, str] = {}
    for name, value in request.query.items():
        if name == _KEY:
            continue
        if name in values:
            raise MalformedMessage(f"the parameter {name} is there twice")
        values[name] = only_printable(name, value)
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise MalformedMessage(explain(error, kind)) from error


def only_printable(name: str, text: str) -> str:
    """Return the text if it is one line that every database can store. Raises ``MalformedMessage``."""
    if any(sign < " " or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise MalformedMessage(f"{name} may not have control characters in it")
    return text
