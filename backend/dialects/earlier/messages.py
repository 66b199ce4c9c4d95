"""Messages of the earlier server's WebSocket protocol: JSON in both directions. Pure."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from protocol.audio import BYTES_PER_SAMPLE
from protocol.decoding import explain
from protocol.errors import NOT_JSON, MalformedMessage

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
    """Message of the server. ``type`` and ``chunk_index`` are always there, other empty values never."""

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
    except (*NOT_JSON, UnicodeEncodeError) as error:
        raise MalformedMessage(f"this message cannot be used: {explain(error, ClientMessage)}") from error
    if isinstance(message, EarlierChunk) and len(message.audio_data) % BYTES_PER_SAMPLE:
        raise MalformedMessage(f"chunk {message.chunk_index} ends within a sample: audio is 16-bit PCM")
    return message


def started(recording: str) -> str:
    """Return the answer to ``start``."""
    return _encoded(ServerMessage("ack", 0, recording, status="session_started"))


def received(recording: str, index: int) -> str:
    """Return the answer to a chunk."""
    return _encoded(ServerMessage("ack", index, recording, status="received"))


def chunk_result(recording: str, index: int, text: str) -> str:
    """Return the text of the speech that ended in a chunk."""
    return _encoded(ServerMessage("chunk_result", index, recording, text=text))


def final_result(recording: str, text: str, seconds: float, chunks: int) -> str:
    """Return the text of a whole recording, with its length."""
    about = ServerMessage("final_result", 0, recording, text=text, duration=round(seconds, 3), chunk_count=chunks)
    return _encoded(about)


def failed(recording: str, message: str) -> str:
    """Return an error; ``recording`` empty: of no recording."""
    return _encoded(ServerMessage("error", 0, recording, message=message))


def _encoded(message: ServerMessage) -> str:
    return msgspec.json.encode(message).decode()
