"""Messages between a client and a gateway: ``GET /v1/stream``, subprotocol ``kikipounamu.v1``.

Text messages are JSON objects tagged by ``type``. Unknown fields are ignored (so either side may be newer),
unknown types and wrong field types raise ``MalformedMessage``. Audio is in ``protocol.audio``.
"""

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, field

from protocol.audio import CODEC, SAMPLE_RATE
from protocol.decoding import JsonDecoder
from protocol.encodable import to_encodable
from protocol.errors import CloseCode, ErrorCode, MessageTooLarge
from protocol.recognition import Language, Milliseconds, Options, Timing, Word

SUBPROTOCOL = "kikipounamu.v1"
STREAM_PATH = "/v1/stream"

Index = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Samples = Annotated[int, Meta(ge=0, le=2**32 - 1)]
GainDb = Annotated[int, Meta(ge=0, le=60)]


class AudioFormat(Struct, frozen=True):
    """Encoding of the client's frames. Version 1 allows one value of each."""

    rate: int = SAMPLE_RATE
    codec: str = CODEC


class Limits(Struct, frozen=True):
    """Limits that a client must respect. The defaults are the protocol's; ``welcome`` announces those in force."""

    hello_s: float = 5.0
    ping_s: float = 20.0
    frame_bytes: int = 64 * 1024
    json_bytes: int = 64 * 1024
    segment_s: float = 60.0
    window_s: float = 60.0


LIMITS = Limits()


# -- from the client ---------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, tag="hello"):
    """First message, due within ``Limits.hello_s``: binds the connection to the client's session.

    ``connection`` counts the hellos of one ``instance`` of a client: of two, the higher count wins, whichever
    arrives first. Without an ``instance`` the hello that arrives last wins. ``pieces``: the client accepts the
    held segments of a large session in several messages.
    """

    session: UUID
    client: Annotated[str, Meta(max_length=128)] = ""
    audio: AudioFormat = AudioFormat()
    options: Options = Options()
    resume: bool = False
    instance: Annotated[str, Meta(max_length=64, pattern="^[0-9A-Za-z_-]*$")] = ""
    connection: Index = 0
    pieces: bool = False


class SegmentDetails(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Description of a segment, known when it begins.

    ``language`` overrides that of the session's options. ``gain_db``: amplification before decoding.
    ``replaces``: segments whose audio this segment contains as a whole, to be recognised once more.
    ``within_ms``: the gateway refuses such a segment if its text cannot come that soon.
    """

    language: Language = ""
    gain_db: GainDb = 0
    replaces: Annotated[tuple[Index, ...], Meta(max_length=256)] = ()
    within_ms: Milliseconds | None = None


PLAIN = SegmentDetails()


class SegmentBegin(SegmentDetails, frozen=True, tag="segment.begin"):
    """Start of a segment, ``at_ms`` after the session's first sample. A higher attempt replaces a failed one."""

    segment: Index
    at_ms: Milliseconds = 0
    attempt: Index = 0


def details_of(begin: SegmentDetails) -> SegmentDetails:
    """Return only the details of a message or event that begins a segment."""
    return SegmentDetails(**{name: getattr(begin, name) for name in SegmentDetails.__struct_fields__})


class SegmentSpeculate(Struct, frozen=True, tag="segment.speculate"):
    """Possible end of the segment: the gateway may have the audio up to here decoded now."""

    segment: Index
    samples: Samples


class SegmentEnd(Struct, frozen=True, tag="segment.end"):
    """End of the segment, with its length in samples."""

    segment: Index
    samples: Samples


class SegmentCancel(Struct, frozen=True, tag="segment.cancel"):
    """Request to forget the segment."""

    segment: Index


class Finish(Struct, frozen=True, tag="finish"):
    """End of the session after ``segments`` segments. Answered by ``done`` when each of them has ended."""

    segments: Index


class Received(Struct, frozen=True, tag="received"):
    """Acknowledgement: the client has this segment's result on disk."""

    segment: Index


ClientMessage: TypeAlias = Hello | SegmentBegin | SegmentSpeculate | SegmentEnd | SegmentCancel | Finish | Received


# -- from the gateway --------------------------------------------------------------------------------------


class HeldSegments(Struct, frozen=True):
    """Segments of a session that the gateway side has: samples of open segments, queued ones, ended ones."""

    receiving: dict[Index, Samples] = {}
    queued: tuple[Index, ...] = ()
    ended: tuple[Index, ...] = ()


class Welcome(Struct, frozen=True, tag="welcome"):
    """Answer to ``hello``. ``durable``: what the broker acknowledged survives a power loss.

    ``more``: ``segments`` continues in ``held`` messages. Only clients that sent ``pieces`` get it.
    ``spans``: segments may replace others (``SegmentDetails.replaces``).
    """

    session: UUID
    gateway: str
    durable: bool
    server_ms: Milliseconds = 0
    limits: Limits = Limits()
    segments: HeldSegments = HeldSegments()
    more: bool = False
    spans: bool = False


class MoreHeld(Struct, frozen=True, tag="held"):
    """Continuation of ``Welcome.segments``. ``more`` is false in the last one."""

    segments: HeldSegments
    more: bool = False


class Queued(Struct, frozen=True, tag="queued"):
    """Acknowledgement that the job is in the broker.

    ``ahead_s``: seconds of audio before it. ``eta_ms``: estimated time until its result.
    """

    segment: Index
    ahead_s: float = 0.0
    eta_ms: Milliseconds | None = None


class Missing(Struct, frozen=True, tag="missing"):
    """Request to send this segment again from this sample."""

    segment: Index
    from_: Samples = field(name="from")


class Partial(Struct, frozen=True, tag="partial"):
    """Provisional text. Its first ``stable`` code points bind later partials of the segment, but not the final."""

    segment: Index
    revision: Index
    text: str
    stable: Index = 0


class Final(Struct, frozen=True, tag="final"):
    """Text of a segment. Sent at least once until ``received``; the client keeps the first."""

    segment: Index
    text: str
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    worker: str = ""
    timing: Timing = Timing()
    emotion: str = ""
    event: str = ""


class Failed(Struct, frozen=True, tag="failed"):
    """Segment that ended without text, unless the client begins an attempt higher than this ``attempt``."""

    segment: Index
    code: ErrorCode
    message: str
    retryable: bool = False
    attempt: Index = 0


class Busy(Struct, frozen=True, tag="busy"):
    """Reason why results are late; sent again when it changes."""

    reason: Literal["load", "no_worker", "broker"]
    accepting: bool = True
    partials: bool = False
    eta_ms: Milliseconds | None = None


class Done(Struct, frozen=True, tag="done"):
    """End of the session: all ``segments`` have ended; ``text`` is the whole session."""

    segments: Index
    text: str


class Error(Struct, frozen=True, tag="error"):
    """Error of the session. The gateway closes the connection after it."""

    code: ErrorCode
    message: str


GatewayMessage: TypeAlias = Welcome | MoreHeld | Queued | Missing | Partial | Final | Failed | Busy | Done | Error

_encoder = msgspec.json.Encoder()
_client_decoder: JsonDecoder[ClientMessage] = JsonDecoder(ClientMessage)
decode_gateway: JsonDecoder[GatewayMessage] = JsonDecoder(GatewayMessage)
"""Parses a gateway's message."""


def encode(message: ClientMessage | GatewayMessage) -> str:
    """Encode a message as JSON text. An unpaired surrogate, which no encoding has, becomes U+FFFD."""
    try:
        return _encoder.encode(message).decode()
    except UnicodeEncodeError:
        return _encoder.encode(to_encodable(message)).decode()


def decode_client(data: str | bytes, limit: int = LIMITS.json_bytes) -> ClientMessage:
    """Parse a client's message. Raises ``MessageTooLarge`` or ``MalformedMessage``, which name the field."""
    if len(data) > limit:
        raise MessageTooLarge(f"a text message may have {limit} bytes, this one has {len(data)}")
    return _client_decoder(data)


def is_resumable(close: int) -> bool:
    """Return whether a client should reconnect with ``resume`` after this close code."""
    return close not in {
        CloseCode.NORMAL,
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_DATA,
        CloseCode.POLICY_VIOLATION,
        CloseCode.MESSAGE_TOO_BIG,
        CloseCode.UNAUTHORISED,
        CloseCode.FORBIDDEN,
        CloseCode.TAKEN_OVER,
    }
