"""Transcripts as txt, srt, vtt and json. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

import msgspec

from app.transcript import Segment, Transcript


class Format(StrEnum):
    """How a transcript is written."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


def render(transcript: Transcript, form: Format, source: str = "") -> str:
    """The transcript as text that ends with a line feed (or is empty). ``source`` names the recording in json."""
    if form is Format.JSON:
        return render_json(document(transcript, source))
    return _WRITERS[form](transcript)


def _txt(transcript: Transcript) -> str:
    return f"{transcript.text}\n" if transcript.text else ""


def _srt(transcript: Transcript) -> str:
    cues = (
        f"{number}\n{_span(segment, ',')}\n{segment.text}\n"
        for number, segment in enumerate(_spoken(transcript), start=1)
    )
    return "\n".join(cues)


def _vtt(transcript: Transcript) -> str:
    cues = (f"{_span(segment, '.')}\n{_escaped(segment.text)}\n" for segment in _spoken(transcript))
    return "\n".join(("WEBVTT\n", *cues))


def document(transcript: Transcript, source: str) -> dict[str, object]:
    """What json has of a transcript."""
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
        "file": source,
        "duration_ms": transcript.duration_ms,
        "text": transcript.text,
        "segments": segments,
    }


def render_json(value: object) -> str:
    """As json is written everywhere."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


_WRITERS: Final[dict[Format, Callable[[Transcript], str]]] = {
    Format.TXT: _txt,
    Format.SRT: _srt,
    Format.VTT: _vtt,
}


def _spoken(transcript: Transcript) -> Iterator[Segment]:
    """A cue needs text and takes some time; an empty line would end it."""
    for segment in transcript.segments:
        text = " ".join(segment.text.split())
        if text:
            yield replace(segment, text=text, end_ms=max(segment.end_ms, segment.start_ms + 1))


def _span(segment: Segment, mark: str) -> str:
    return f"{_clock(segment.start_ms, mark)} --> {_clock(segment.end_ms, mark)}"


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{rest:03}"


def _escaped(text: str) -> str:
    """WebVTT cue text: ``&`` and ``<`` begin something there, and ``-->`` would be a time."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
