"""Answers to transcription requests, in each format. Pure. Source: OpenAI's API reference, "Audio"."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec

from backend.dialects.openai.requests import TranscriptionRequest
from backend.dialects.transcript import JoinedResults, TranscriptPart
from protocol.captions import captions
from protocol.recognition import Word
from protocol.subtitles import Cue, srt, vtt

CONTENT_TYPES: Final = {
    "json": "application/json",
    "verbose_json": "application/json",
    "text": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
}
_NAMES: Final = {
    **{"zh": "chinese", "yue": "cantonese", "en": "english", "de": "german", "es": "spanish", "ru": "russian"},
    **{"ko": "korean", "fr": "french", "ja": "japanese", "pt": "portuguese", "tr": "turkish", "pl": "polish"},
    **{"it": "italian", "nl": "dutch", "ar": "arabic", "sv": "swedish", "hi": "hindi", "vi": "vietnamese"},
}


def answer_body(request: TranscriptionRequest, transcript: JoinedResults, seconds: float) -> str:
    """Return the body of the answer in the requested format; ``seconds``: length of the audio."""
    match request.format:
        case "text":
            return transcript.text() + "\n"
        case "srt":
            return srt(cue for part in transcript.parts() for cue in _captions(part))
        case "vtt":
            return vtt(cue for part in transcript.parts() for cue in _captions(part))
        case "verbose_json":
            return msgspec.json.encode(_verbose(request, transcript, seconds)).decode()
    body = {"text": transcript.text(), "usage": usage(seconds), **transcript.truncation()}
    return msgspec.json.encode(body).decode()


def usage(seconds: float) -> dict[str, Any]:
    """Return the usage of a request: seconds of audio, rounded up."""
    return {"type": "duration", "seconds": int(-(-seconds // 1))}


def event(kind: str, **fields: Any) -> bytes:
    """Return one server-sent event with this type."""
    return b"data: " + msgspec.json.encode({"type": kind, **fields}) + b"\n\n"


def _verbose(request: TranscriptionRequest, transcript: JoinedResults, seconds: float) -> dict[str, Any]:
    language = transcript.language()
    body: dict[str, Any] = {
        "task": request.options.task,
        "language": _NAMES.get(language, language),
        "duration": round(seconds, 3),
        "text": transcript.text(),
        "usage": usage(seconds),
        **transcript.truncation(),
    }
    parts = transcript.parts()
    if request.segments:
        pieces = (piece for part in parts for piece in _pieces(part))
        body["segments"] = [_segment(number, piece) for number, piece in enumerate(pieces)]
    if request.words:
        body["words"] = [
            {"word": word.text.strip(), "start": word.start_ms / 1000, "end": word.end_ms / 1000}
            for part in parts
            for word in part.timed_words()
        ]
    return body


def _segment(number: int, part: TranscriptPart) -> dict[str, Any]:
    """Return a segment. Fields that this gateway does not measure have the value of an ordinary segment."""
    unmeasured = {"seek": 0, "tokens": [], "temperature": 0.0, "avg_logprob": 0.0}
    times = {"id": number, "start": part.start_ms / 1000, "end": part.end_ms / 1000, "text": part.text}
    return {**times, **unmeasured, "compression_ratio": 1.0, "no_speech_prob": 0.0}


def _pieces(part: TranscriptPart) -> Iterator[TranscriptPart]:
    """Cut a part, which may last half a minute, as subtitles are cut. The texts of the pieces join to its text."""
    at = 0
    for cue in _captions(part):
        end, left = at, sum(not sign.isspace() for sign in cue.text)
        while left:
            left -= not part.text[end].isspace()
            end += 1
        yield replace(part, start_ms=cue.start_ms, end_ms=cue.end_ms, text=part.text[at:end])
        at = end


def _captions(part: TranscriptPart) -> Iterator[Cue]:
    return captions(Cue(part.start_ms, part.end_ms, part.text.strip()), _within(part))


def _within(part: TranscriptPart) -> list[Word]:
    """Return the words with times relative to the beginning of the part, as ``captions`` expects."""
    return [
        msgspec.structs.replace(
            word, start_ms=max(0, word.start_ms - part.start_ms), end_ms=max(0, word.end_ms - part.start_ms)
        )
        for word in part.words
    ]
