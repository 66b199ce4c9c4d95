"""Parse the parameters of a request; unknown, repeated and invalid parameters are errors."""

from collections.abc import Mapping
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
    return from_texts(values, kind)


def from_texts(values: Mapping[str, object], kind: type[T], *, strict: bool = False) -> T:
    """Return values that a client wrote as texts as this type. Raises ``MalformedMessage``.

    ``strict``: some are converted already, the others are texts.
    """
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        said = explain(error, kind).removesuffix(", not a text")  # every value of a form or an address is one
        raise MalformedMessage(said) from error


def only_printable(name: str, text: str) -> str:
    """Return the text if it is one line that every database can store. Raises ``MalformedMessage``."""
    if any(sign < " " or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise MalformedMessage(f"{name} may not have control characters in it")
    return text
