"""Errors of the wire protocol.

    ProtocolError              base class: the peer sent something that this side cannot accept
    ├── MalformedMessage       not JSON, not a known type, a field of the wrong type, a frame without header
    ├── MessageTooLarge        over a limit of ``protocol.session.Limits``
    ├── UnsupportedFormat      a codec, rate or option that version 1 does not have
    ├── OutOfOrder             a message that is not allowed in the current state of the session
    ├── Unauthorised           no key, or a wrong one
    ├── Forbidden              a valid key without permission for this session
    ├── TakenOver              another connection now owns this session
    └── GatewayFailed          no fault of the peer: the gateway itself failed

Each class has a code (for people and programs) and the WebSocket close code that follows it.
"""

from enum import IntEnum, StrEnum
from typing import ClassVar, Final

import msgspec

NOT_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Exceptions that msgspec raises for data that is not JSON, not UTF-8, or nested too deeply."""


class CloseCode(IntEnum):
    """WebSocket close codes that a gateway uses: 1xxx from RFC 6455 section 7.4.1, 4xxx our own."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013
    UNAUTHORISED = 4401
    FORBIDDEN = 4403
    TAKEN_OVER = 4409


class ErrorCode(StrEnum):
    """Value of ``code`` in every error body, ``error`` message and ``failed`` message."""

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
    """Base class of protocol violations by a peer. The message says what to do about it."""

    code: ClassVar[ErrorCode] = ErrorCode.MALFORMED
    close: ClassVar[CloseCode] = CloseCode.PROTOCOL_ERROR


class MalformedMessage(ProtocolError):
    """Message that is not JSON, has an unknown type or a field of the wrong type; or a frame without header."""

    code = ErrorCode.MALFORMED
    close = CloseCode.INVALID_DATA


class MessageTooLarge(ProtocolError):
    """Message over a limit that ``welcome`` announces."""

    code = ErrorCode.TOO_LARGE
    close = CloseCode.MESSAGE_TOO_BIG


class UnsupportedFormat(ProtocolError):
    """Version, codec, rate or option that this version does not support."""

    code = ErrorCode.UNSUPPORTED
    close = CloseCode.UNSUPPORTED_DATA


class OutOfOrder(ProtocolError):
    """Valid message that is not allowed in the current state of the session."""

    code = ErrorCode.OUT_OF_ORDER
    close = CloseCode.POLICY_VIOLATION


class Unauthorised(ProtocolError):
    """Request without a key, or with a wrong one."""

    code = ErrorCode.UNAUTHORISED
    close = CloseCode.UNAUTHORISED


class Forbidden(ProtocolError):
    """Valid key for a session that belongs to another key."""

    code = ErrorCode.FORBIDDEN
    close = CloseCode.FORBIDDEN


class TakenOver(ProtocolError):
    """Session that another connection has taken over."""

    code = ErrorCode.TAKEN_OVER
    close = CloseCode.TAKEN_OVER


class GatewayFailed(ProtocolError):
    """Fault of the gateway itself, whose log says more; the client resumes."""

    code = ErrorCode.INTERNAL
    close = CloseCode.INTERNAL_ERROR
