"""A client without a network: follows the protocol, and checks the gateway's messages."""

from collections import deque
from dataclasses import dataclass, field

from protocol.audio import encode_frame
from protocol.errors import ErrorCode
from protocol.session import (
    ClientMessage,
    Done,
    Error,
    Failed,
    Final,
    Finish,
    GatewayMessage,
    Missing,
    Partial,
    Queued,
    Received,
    SegmentBegin,
    SegmentCancel,
    SegmentEnd,
    SegmentSpeculate,
    Welcome,
)

FRAME = 8


@dataclass
class Spoken:
    """A segment of the client. ``heard``: the first text.

    ``attempt_unknown``: the gateway holds an attempt of it, perhaps an earlier one. ``guesses``: numbers of frames
    after which the client sends ``segment.speculate``. A segment that ``replaces`` others is given up (``gone``)
    when it fails.
    """

    pcm: bytes
    attempt: int = 0
    begun: bool = False
    sent: int = 0
    ended: bool = False
    queued: bool = False
    attempt_unknown: bool = False
    heard: str | None = None
    guesses: frozenset[int] = frozenset()
    guessed: int = 0
    replaces: tuple[int, ...] = ()
    gone: bool = False

    @property
    def open(self) -> bool:
        """True while the client waits for a text."""
        return self.heard is None and not self.gone


@dataclass
class ModelClient:
    """Client that sends what the gateway does not have, and keeps the first result.

    ``pauses``: the last message was ``segment.speculate``. ``shown`` and ``revision`` belong to this connection:
    the stable part of each segment that has not ended in it.
    """

    segments: list[Spoken]
    welcomed: bool = False
    finish_sent: bool = False
    done: Done | None = None
    pauses: bool = False
    revision: int = 0
    shown: dict[int, str] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    notes: deque[ClientMessage] = field(default_factory=deque)

    def next(self) -> ClientMessage | bytes | None:
        """Return the next message to send."""
        message = self._next()
        self.pauses = isinstance(message, SegmentSpeculate)
        return message

    def _next(self) -> ClientMessage | bytes | None:
        if not self.welcomed:
            return None
        if self.notes:
            return self.notes.popleft()
        for n, spoken in enumerate(self.segments):
            if spoken.open and not spoken.queued and (message := self._of(n, spoken)) is not None:
                return message
        if not self.finish_sent and not any(spoken.open for spoken in self.segments):
            self.finish_sent = True
            return Finish(len(self.segments))
        return None

    @staticmethod
    def _of(n: int, spoken: Spoken) -> ClientMessage | bytes | None:
        if not spoken.begun:
            spoken.begun, spoken.attempt_unknown = True, False
            within_ms = 500 if spoken.replaces else None
            return SegmentBegin(n, attempt=spoken.attempt, replaces=spoken.replaces, within_ms=within_ms)
        if spoken.guessed != spoken.sent and -(-spoken.sent // FRAME) in spoken.guesses:
            spoken.guessed = spoken.sent
            return SegmentSpeculate(n, spoken.sent)
        if spoken.sent * 2 < len(spoken.pcm):
            at, spoken.sent = spoken.sent, min(spoken.sent + FRAME, len(spoken.pcm) // 2)
            return encode_frame(n, at, spoken.pcm[at * 2 : spoken.sent * 2])
        if not spoken.ended:
            spoken.ended = True
            return SegmentEnd(n, len(spoken.pcm) // 2)
        return None

    def receive(self, message: GatewayMessage) -> None:
        """Handle a message of the gateway."""
        match message:
            case Welcome():
                self._welcome(message)
            case Queued(segment=n):
                self.segments[n].queued |= self.segments[n].ended
            case Missing(segment=n) if not self.segments[n].open:
                self.notes.append(SegmentCancel(n))
            case Missing(segment=n, from_=at):
                spoken = self.segments[n]
                spoken.queued = spoken.ended = False
                spoken.begun, spoken.sent = at > 0, min(at, spoken.sent)
            case Partial():
                self._show(message)
            case Final():
                self._recognised(message)
            case Failed():
                self._failed(message.segment, message.attempt)
            case Done():
                self.done = message
            case Error():
                assert message.code == ErrorCode.TAKEN_OVER, message
            case _:
                pass

    def _show(self, partial: Partial) -> None:
        """Check that stable text never changes and no partial follows the final."""
        n, stable = partial.segment, partial.text[: partial.stable]
        assert partial.revision > self.revision and n not in self.over
        assert stable.startswith(self.shown.get(n, "")) and len(stable) == partial.stable
        self.revision, self.shown[n] = partial.revision, stable

    def _recognised(self, final: Final) -> None:
        n, spoken = final.segment, self.segments[final.segment]
        self.over.add(n)
        assert spoken.heard in (None, final.text)
        if not spoken.gone:
            spoken.heard = final.text
        self.notes.append(SegmentCancel(n) if spoken.gone else Received(n))

    def _failed(self, n: int, attempt: int) -> None:
        """Begin a higher attempt, or keep the pieces of a second pass, which no gateway may still recognise."""
        spoken = self.segments[n]
        self.shown.pop(n, None)
        if spoken.replaces:
            if spoken.heard is None:
                spoken.gone = True
                self.notes.append(SegmentCancel(n))
            return
        if attempt >= spoken.attempt:
            spoken.attempt = attempt + 1
        elif not spoken.attempt_unknown:
            return  # a repeated failure of an earlier attempt
        spoken.begun = spoken.ended = spoken.queued = spoken.attempt_unknown = False
        spoken.sent = 0

    def _welcome(self, welcome: Welcome) -> None:
        self.welcomed, self.finish_sent = True, False
        self.notes.clear()
        self.shown.clear()
        self.over.clear()
        self.revision = 0
        held = welcome.segments
        for n, spoken in enumerate(self.segments):
            spoken.queued = n in held.queued or n in held.ended
            spoken.attempt_unknown = spoken.queued or n in held.receiving
            spoken.begun, spoken.ended = n in held.receiving, False
            spoken.sent = held.receiving.get(n, 0)
            if spoken.gone or (spoken.heard is not None and n not in held.ended):
                self.notes.append(SegmentCancel(n))  # or this gateway could never say done
