"""Render transcripts as txt, srt, vtt and json. Pure."""

from collections.abc import Iterator

import msgspec

from app.core.format import Format
from app.core.transcript import RecordingTranscript
from protocol.captions import captions
from protocol.subtitles import Cue, srt, vtt


def render(transcript: RecordingTranscript, form: Format, source: str = "", *, line: bool = False) -> str:
    """Render a transcript, ending with a line feed unless it is empty.

    ``source``: the recording's name, for json. ``line``: render json on one line, as JSON Lines requires.
    """
    if form is Format.JSON:
        content = document(transcript, source) | {"truncated": bool(transcript.truncated)}
        return render_json_line(content) if line else render_json(content)
    if form is Format.TXT:
        return f"{transcript.text}\n" if transcript.text else ""
    return (srt if form is Format.SRT else vtt)(_cues(transcript))


def _cues(transcript: RecordingTranscript) -> Iterator[Cue]:
    for segment, part in zip(transcript.segments, transcript.parts, strict=True):
        yield from captions(Cue(segment.start_ms, segment.end_ms, part), segment.words)


def document(transcript: RecordingTranscript, source: str) -> dict[str, object]:
    """Return the JSON content of a transcript.

    A file name that is not UTF-8 loses its invalid bytes.
    """
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
    """Return a file name in a form that JSON can hold."""
    return name.encode(errors="replace").decode()


def render_json_line(value: object) -> str:
    """Return a value as one line of JSON Lines."""
    return msgspec.json.encode(value).decode() + "\n"


def render_json(value: object) -> str:
    """Return a value as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
