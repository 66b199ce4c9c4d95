"""Subtitle files (SubRip and WebVTT) from texts with times. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Cue(NamedTuple):
    """Text in lines, and the time at which players show it. Cues without text are left out."""

    start_ms: int
    end_ms: int
    text: str


def srt(cues: Iterable[Cue]) -> str:
    """Format cues as SubRip. The format has no specification; this is the form that all players read."""
    numbered = enumerate(_shown_cues(cues), start=1)
    return "\n".join(f"{number}\n{_span(cue, ',')}\n{cue.text}\n" for number, cue in numbered)


def vtt(cues: Iterable[Cue]) -> str:
    """Format cues as WebVTT (https://www.w3.org/TR/webvtt1/)."""
    written = (f"{_span(cue, '.')}\n{_escaped(cue.text)}\n" for cue in _shown_cues(cues))
    return "\n".join(("WEBVTT\n", *written))


def _shown_cues(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yield cues with text without empty lines (they would end the cue) and at least 1 ms long."""
    for cue in cues:
        text = "\n".join(line for line in map(_plain, cue.text.splitlines()) if line)
        if text:
            yield Cue(cue.start_ms, max(cue.end_ms, cue.start_ms + 1), text)


def _plain(line: str) -> str:
    return " ".join(line.split())


def _span(cue: Cue, mark: str) -> str:
    return f"{_clock(cue.start_ms, mark)} --> {_clock(cue.end_ms, mark)}"


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{rest:03}"


def _escaped(text: str) -> str:
    """Escape WebVTT cue text: ``&`` and ``<`` start markup, and ``-->`` would be read as a timing line."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
