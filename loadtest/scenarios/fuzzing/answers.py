"""Judges of a gateway's answers: objections to a client's messages, and faults of the gateway. Pure."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from protocol.errors import NOT_JSON, ErrorCode, MalformedMessage
from protocol.session import Error, Failed, decode_gateway


class Judged(NamedTuple):
    """Judgement of an answer. ``objection``: code of an error; ``fault``: misbehaviour of the gateway."""

    objection: str = ""
    fault: str = ""


Judge = Callable[[bytes], Judged]
"""Judges one message, or all bytes received over TCP. Raises ``MalformedAnswer``."""


class MalformedAnswer(Exception):
    """The protocol does not permit this message of the gateway: a fault."""


def judge_own(payload: bytes) -> Judged:
    """Judge a message of our own protocol."""
    try:
        message = decode_gateway(payload)
    except MalformedMessage as error:
        raise MalformedAnswer(f"a message of the gateway is malformed: {error}") from error
    return judge_error(message.code, message.message) if isinstance(message, Error | Failed) else Judged()


def judge_error(code: object, message: object) -> Judged:
    """Judge an error by its code."""
    return Judged(str(code), f"internal error: {message}" if code == ErrorCode.INTERNAL else "")


def decode_answer(payload: bytes, *fields: str) -> dict[str, Any]:
    """Return an answer's JSON object. Raises ``MalformedAnswer`` if it is none, or lacks one of ``fields``."""
    try:
        answer = msgspec.json.decode(payload)
    except NOT_JSON as error:
        raise MalformedAnswer(f"a message of the gateway is malformed: {error}") from error
    if not isinstance(answer, dict) or not set(fields) <= set(answer):
        raise MalformedAnswer(f"a message of the gateway lacks one of {', '.join(fields)}")
    return answer
