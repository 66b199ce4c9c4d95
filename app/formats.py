"""Transcripts as txt, srt, vtt and json. Pure."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

import msgspec

from app.transcript import Transcript
from protocol.subtitles import Cue, srt, vtt


class Format(StrEnum):
    """How a transcript is written."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


def render(transcript: Transcript, form: Format, source: str = "", *, line: bool = False) -> str:
    """The transcript as text that ends with a line feed (or is empty). ``source`` names the recording in json.

    ``line``: json in one line, as JSON lines want it.
    """
    if form is Format.JSON:
        content = document(transcript, source) | {"truncated": bool(transcript.truncated)}
        return render_json_line(content) if line else render_json(content)
    return _WRITERS[form](transcript)


def _txt(transcript: Transcript) -> str:
    return f"{transcript.text}\n" if transcript.text else ""


def _srt(transcript: Transcript) -> str:
    return srt(_cues(transcript))


def _vtt(transcript: Transcript) -> str:
    return vtt(_cues(transcript))


def _cues(transcript: Transcript) -> Iterator[Cue]:
    return (Cue(segment.start_ms, segment.end_ms, segment.text) for segment in transcript.segments)


def document(transcript: Transcript, source: str) -> dict[str, object]:
    """Return what json has of a transcript. A name that is not in UTF-8 cannot be told exactly."""
    segments = [
        {
            "start_ms": segment.start_ms,
            "end_ms": segment.end_ms,
            "text": segment.text,
            "language": segment.language,
            "words": segment.words,
            "model": segment.model,
            **({"error": segment.error} if segment.error else {}),
        }
        for segment in transcript.segments
    ]
    return {
        "file": valid(source),
        "duration_ms": transcript.duration_ms,
        "text": transcript.text,
        "segments": segments,
    }


def valid(name: str) -> str:
    """Return the name of a file as JSON can hold it."""
    return name.encode(errors="replace").decode()


def render_json_line(value: object) -> str:
    """Return one line of JSON lines."""
    return msgspec.json.encode(value).decode() + "\n"


def render_json(value: object) -> str:
    """As json is written everywhere."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


_WRITERS: Final[dict[Format, Callable[[Transcript], str]]] = {
    Format.TXT: _txt,
    Format.SRT: _srt,
    Format.VTT: _vtt,
}
