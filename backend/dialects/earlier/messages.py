"""Messages of the earlier server's WebSocket protocol, and the order and texts of their chunks. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from protocol.audio import BYTES_PER_SAMPLE
from protocol.decoding import explain
from protocol.errors import NOT_JSON, MalformedMessage, OutOfOrder
from protocol.texts import with_space

CLIENT: Final = "ws-asr:"
"""Beginning of the client's name in the history; the name that the client gave its recording follows."""

RecordingName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
ChunkIndex = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class EarlierStart(Struct, frozen=True, tag_field="action", tag="start"):
    """Begin a recording, which the client names."""

    session_id: RecordingName


class EarlierChunk(Struct, frozen=True, tag_field="action", tag="chunk"):
    """Part of a recording. ``audio_data``: PCM16LE at 16 kHz, mono; in base64 on the wire."""

    session_id: RecordingName
    chunk_index: ChunkIndex
    audio_data: bytes


class EarlierFinish(Struct, frozen=True, tag_field="action", tag="finish"):
    """End a recording; its whole text is wanted."""

    session_id: RecordingName


ClientMessage = EarlierStart | EarlierChunk | EarlierFinish


class ServerMessage(Struct, frozen=True, omit_defaults=True):
    """Message of the server. ``type`` and ``chunk_index`` are always sent, other fields only if not empty."""

    type: str
    chunk_index: int
    session_id: str = ""
    status: str = ""
    text: str = ""
    duration: float = 0.0
    chunk_count: int = 0
    message: str = ""


_decoder: Final[msgspec.json.Decoder[ClientMessage]] = msgspec.json.Decoder(ClientMessage)


def client_message(data: str | bytes) -> ClientMessage:
    """Return a client's message. Raises ``MalformedMessage``."""
    try:
        message = _decoder.decode(data)
    except NOT_JSON as error:
        raise MalformedMessage(f"this message cannot be used: {explain(error, ClientMessage)}") from error
    if isinstance(message, EarlierChunk) and len(message.audio_data) % BYTES_PER_SAMPLE:
        raise MalformedMessage(f"chunk {message.chunk_index} ends within a sample: audio is 16-bit PCM")
    return message


def started_message(recording: str) -> str:
    """Return the answer to ``start``."""
    return _encode(ServerMessage("ack", 0, recording, status="session_started"))


def received_message(recording: str, index: int) -> str:
    """Return the answer to a chunk."""
    return _encode(ServerMessage("ack", index, recording, status="received"))


def chunk_result(recording: str, index: int, text: str) -> str:
    """Return the text of the speech that ended in a chunk."""
    return _encode(ServerMessage("chunk_result", index, recording, text=text))


def final_result(recording: str, text: str, seconds: float, chunks: int) -> str:
    """Return the text of a whole recording, with its length."""
    about = ServerMessage("final_result", 0, recording, text=text, duration=round(seconds, 3), chunk_count=chunks)
    return _encode(about)


def failed_message(recording: str, message: str) -> str:
    """Return an error; ``recording`` is empty if the error concerns none."""
    return _encode(ServerMessage("error", 0, recording, message=message))


def _encode(message: ServerMessage) -> str:
    return msgspec.json.encode(message).decode()


MOST_AHEAD: Final = 8
_MOST_AHEAD_BYTES: Final = 4 * 1024 * 1024
_REMEMBERED: Final = 1_024


class ChunkOrder:
    """Order of chunks. The first to arrive is the first; a limited number of later ones wait for a missing one.

    A repeated chunk counts once.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._ahead: dict[int, bytes] = {}
        self._heard: deque[int] = deque(maxlen=_REMEMBERED)

    def take(self, index: int, audio: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks that are heard now, in order. Raises ``OutOfOrder``."""
        if self._next is None:
            self._next = index
        if index < self._next:
            if index not in self._heard:
                raise OutOfOrder(f"chunk {index} comes too late: chunks after it have been heard")
            return
        self._ahead.setdefault(index, audio)
        while self._next in self._ahead or self._is_full():
            yield self._hear(min(self._ahead))

    def rest(self) -> Iterator[tuple[int, bytes]]:
        """Yield the chunks that still wait for missing ones, at the end of the recording."""
        while self._ahead:
            yield self._hear(min(self._ahead))

    def _is_full(self) -> bool:
        size = sum(map(len, self._ahead.values()))
        return len(self._ahead) > MOST_AHEAD or size > _MOST_AHEAD_BYTES

    def _hear(self, index: int) -> tuple[int, bytes]:
        self._next = index + 1
        self._heard.append(index)
        return index, self._ahead.pop(index)


class ChunkTexts:
    """Texts of chunks: the text of a chunk is that of the segments which ended while it was heard.

    Texts come in the order of the chunks. The last chunk waits for the next one, because at the end of the
    recording it gets the text of the remaining segments.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, list[int]]] = deque()
        self._known: dict[int, str] = {}
        self._said = ""
        self._let_go = False

    @property
    def holds(self) -> bool:
        """True while the only chunk without a text waits for the next one."""
        return len(self._waiting) == 1 and not self._let_go

    def add_chunk(self, index: int, segments: Iterable[int]) -> None:
        """Add a chunk and the segments that ended in it."""
        self._waiting.append((index, list(segments)))
        self._let_go = False

    def know(self, segment: int, text: str) -> None:
        """Note the text of a segment; empty: there is none."""
        self._known[segment] = text.strip()

    def release_last(self, segments: Iterable[int] = ()) -> None:
        """Let the last chunk wait no more; ``segments``: those that ended after it."""
        self._let_go = True
        if self._waiting:
            self._waiting[-1][1].extend(segments)

    def due(self) -> tuple[int, str] | None:
        """Return the next chunk whose text is known, with the space before the text; ``None``: none yet."""
        if not self._waiting or self.holds:
            return None
        index, segments = self._waiting[0]
        if any(segment not in self._known for segment in segments):
            return None
        self._waiting.popleft()
        return index, "".join(map(self._spoken, segments))

    def _spoken(self, segment: int) -> str:
        text = with_space(self._said, self._known.pop(segment))
        self._said = text or self._said
        return text
