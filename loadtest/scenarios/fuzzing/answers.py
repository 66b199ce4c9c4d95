"""Judges of what a gateway says: objections to what was sent, and faults of its own. Pure."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from protocol.errors import ErrorCode, MalformedMessage
from protocol.session import Error, Failed, decode_gateway

_INTERNAL: Final = frozenset({ErrorCode.INTERNAL.value})


class Judged(NamedTuple):
    """Judgement of an answer. ``objection``: code of an error; ``fault``: what should not happen."""

    objection: str = ""
    fault: str = ""


Judge = Callable[[bytes], Judged]
"""Judges one message, or all that came over TCP."""


def judge_own(payload: bytes) -> Judged:
    """Judge a message of our own protocol."""
    try:
        message = decode_gateway(payload)
    except MalformedMessage as error:
        return Judged(fault=f"a message of the gateway is malformed: {error}")
    return judge_error(message.code, message.message) if isinstance(message, Error | Failed) else Judged()


def judge_error(code: object, message: object) -> Judged:
    """Judge an error by its code."""
    return Judged(str(code), f"internal error: {message}" if code in _INTERNAL else "")


def answered(payload: bytes, *fields: str) -> dict[str, Any] | Judged:
    """Return the object of JSON in an answer, or the fault that it is none or lacks one of these fields."""
    try:
        said = msgspec.json.decode(payload)
    except msgspec.DecodeError as error:
        return Judged(fault=f"a message of the gateway is malformed: {error}")
    if not isinstance(said, dict) or not set(fields) <= set(said):
        return Judged(fault=f"a message of the gateway lacks one of {', '.join(fields)}")
    return said
