"""Checks of a client's messages. Pure. All errors are ``ProtocolError``."""

from collections.abc import Sequence

from backend.sessions.segments import Segment
from protocol.audio import CODEC, SAMPLE_RATE
from protocol.errors import MessageTooLarge, OutOfOrder, UnsupportedFormat
from protocol.session import Hello, Limits


def check_hello(message: object) -> Hello:
    """Return the first message of a connection if it is a valid hello. Raises ``ProtocolError``."""
    if not isinstance(message, Hello):
        raise OutOfOrder("the first message must be hello")
    if (message.audio.codec, message.audio.rate) != (CODEC, SAMPLE_RATE):
        raise UnsupportedFormat(f"audio must be {CODEC} at {SAMPLE_RATE} Hz")
    return message


def check_replaces(index: int, replaces: Sequence[int], known: Segment | None) -> None:
    """Check the segments that a beginning replaces, also against an earlier beginning. Raises ``OutOfOrder``."""
    if any(left >= right for left, right in zip(replaces, (*replaces[1:], index), strict=False)):
        raise OutOfOrder(f"segment {index} may only replace earlier segments: name each once, in ascending order")
    before = () if known is None else known.details.replaces
    if known is not None and before != replaces and (before or known.held):
        raise OutOfOrder(f"segment {index} has begun already, and replaces other segments")


def no_room(limits: Limits, index: int, samples: int) -> MessageTooLarge:
    """Return the error for audio beyond the limits; ``samples``: the length that the segment would have."""
    if samples > round(limits.segment_s * SAMPLE_RATE):
        return MessageTooLarge(f"segment {index} is longer than {limits.segment_s:g} s: end it earlier")
    return MessageTooLarge(
        f"more than {limits.window_s + limits.segment_s:g} s of audio are not yet queued: a client sends "
        f"{limits.window_s:g} s ahead, and the first segment that is not queued"
    )
