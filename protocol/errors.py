"""Errors of the wire protocol.

    ProtocolError              anything that a peer sent and that we cannot accept
    ├── MalformedMessage       not JSON, not a known type, a field of the wrong type, a frame without header
    ├── MessageTooLarge        over a limit of ``protocol.session.Limits``
    ├── UnsupportedFormat      a codec, rate or option that version 1 does not have
    ├── OutOfOrder             a message that its place in the conversation does not allow
    ├── Unauthorised           no key, or a wrong one
    ├── Forbidden              a key that is good, but not for this
    └── TakenOver              another connection now speaks for this session

Each class knows its code (sent to people and programs) and the WebSocket close code that follows it.
"""

from enum import IntEnum, StrEnum
from typing import ClassVar, Final

import msgspec

NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises of bytes that are no JSON, no UTF-8, or nested too deeply to be read."""


class CloseCode(IntEnum):
    """WebSocket close codes that a gateway uses. 1xxx: RFC 6455 section 7.4.1; 4xxx: ours."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    UNAUTHORISED = 4401
    FORBIDDEN = 4403
    TAKEN_OVER = 4409


class ErrorCode(StrEnum):
    """The ``code`` of every error body, ``error`` message and ``failed`` message."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    OUT_OF_ORDER = "out_of_order"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    TAKEN_OVER = "taken_over"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    CONFLICT = "conflict"
    HISTORY_OFF = "history_off"
    DISK_FULL = "disk_full"
    BUSY = "busy"
    BROKER_UNAVAILABLE = "broker_unavailable"
    GOING_AWAY = "going_away"
    AUDIO_INVALID = "audio_invalid"
    MODEL_UNAVAILABLE = "model_unavailable"
    ENGINE_FAILED = "engine_failed"
    ENGINE_DIED = "engine_died"
    DECODE_TIMEOUT = "decode_timeout"
    INTERNAL = "internal"


class ProtocolError(Exception):
    """Base of what a peer did wrong. The text says what to do about it."""

    code: ClassVar[ErrorCode] = ErrorCode.MALFORMED
    close: ClassVar[CloseCode] = CloseCode.PROTOCOL_ERROR


class MalformedMessage(ProtocolError):
    """Not JSON, not a known type, a field of the wrong type, or a frame without its header."""

    code = ErrorCode.MALFORMED
    close = CloseCode.INVALID_DATA


class MessageTooLarge(ProtocolError):
    """Over a limit that ``welcome`` announces."""

    code = ErrorCode.TOO_LARGE
    close = CloseCode.MESSAGE_TOO_BIG


class UnsupportedFormat(ProtocolError):
    """A version, codec, rate or option that this version does not have."""

    code = ErrorCode.UNSUPPORTED
    close = CloseCode.UNSUPPORTED_DATA


class OutOfOrder(ProtocolError):
    """A good message at a place in the conversation where it cannot be."""

    code = ErrorCode.OUT_OF_ORDER
    close = CloseCode.POLICY_VIOLATION


class Unauthorised(ProtocolError):
    """No key, or a wrong one."""

    code = ErrorCode.UNAUTHORISED
    close = CloseCode.UNAUTHORISED


class Forbidden(ProtocolError):
    """The key is good, but the session belongs to another one."""

    code = ErrorCode.FORBIDDEN
    close = CloseCode.FORBIDDEN


class TakenOver(ProtocolError):
    """Another connection has bound this session."""

    code = ErrorCode.TAKEN_OVER
    close = CloseCode.TAKEN_OVER
