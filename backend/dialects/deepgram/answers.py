"""Answers in the shapes of Deepgram's API, live and for files. Pure. Source: its API reference, "Listen".

Fields that are not measured, such as ``confidence``, have the value of an unremarkable result.
"""

import re
from typing import Any, Final

import msgspec

from backend.dialects.deepgram.requests import ListenRequest
from backend.dialects.transcript import JoinedResults, TranscriptPart
from protocol.recognition import Word

_CONFIDENCE: Final = 1.0
_MARKS: Final = re.compile(r"^\W+|\W+$")
_UNKNOWN: Final = "unknown"


def encode_message(kind: str, **fields: Any) -> str:
    """Return a message of the server."""
    return msgspec.json.encode({"type": kind, **fields}).decode()


def results(part: TranscriptPart, about: dict[str, Any], *, final: bool, flushed: bool = False) -> str:
    """Return the text of one segment. ``about``: from ``metadata``; ``flushed``: sent at the client's request."""
    return encode_message(
        "Results",
        channel_index=[0, 1],
        start=part.start_ms / 1000,
        duration=(part.end_ms - part.start_ms) / 1000,
        is_final=final,
        speech_final=final,
        from_finalize=flushed,
        channel={"alternatives": [_alternative(part.text.strip(), [part])]},
        metadata=about,
    )


def metadata(request_id: str, model: str) -> dict[str, Any]:
    """Return the fields about the request that every message has."""
    name = model or _UNKNOWN
    info = {"name": name, "version": _UNKNOWN, "arch": name}
    return {"request_id": request_id, "model_info": info, "model_uuid": request_id}


def summary(request_id: str, digest: str, created: str, seconds: float) -> dict[str, Any]:
    """Return the fields about the whole audio. ``digest``: its SHA-256; ``created``: the time in ISO 8601."""
    about = {"transaction_key": "deprecated", "request_id": request_id, "sha256": digest, "created": created}
    return {**about, "duration": round(seconds, 3), "channels": 1}


def file_answer(request: ListenRequest, heard: JoinedResults, about: dict[str, Any]) -> dict[str, Any]:
    """Return the answer for a file. ``about``: from ``summary``."""
    parts = heard.parts()
    alternative = _alternative(heard.text(), parts)
    if request.paragraphs:
        alternative["paragraphs"] = _paragraphs(parts)
    channel: dict[str, Any] = {"alternatives": [alternative]}
    if language := heard.language():
        channel["detected_language"] = language
    body: dict[str, Any] = {"channels": [channel]}
    if request.utterances:
        body["utterances"] = [_utterance(number, part) for number, part in enumerate(parts)]
    model = next((final.model for final in heard.finals.values() if final.model), _UNKNOWN)
    info = {model: {"name": model, "version": _UNKNOWN, "arch": model}}
    about = {**about, "models": [model], "model_info": info, **heard.truncation()}
    return {"metadata": about, "results": body}


def _alternative(text: str, parts: list[TranscriptPart]) -> dict[str, Any]:
    words = [_word(word) for part in parts for word in part.timed_words()]
    return {"transcript": text, "confidence": _CONFIDENCE if text else 0.0, "words": words}


def _word(word: Word) -> dict[str, Any]:
    text = word.text.strip()
    times = {"start": word.start_ms / 1000, "end": word.end_ms / 1000}
    return {"word": _MARKS.sub("", text).lower(), **times, "confidence": _CONFIDENCE, "punctuated_word": text}


def _paragraphs(parts: list[TranscriptPart]) -> dict[str, Any]:
    found = [
        {
            "sentences": [{"text": part.text.strip(), **_times(part)}],
            "num_words": len(part.timed_words()),
            **_times(part),
        }
        for part in parts
    ]
    return {"transcript": "\n\n".join(part.text.strip() for part in parts), "paragraphs": found}


def _utterance(number: int, part: TranscriptPart) -> dict[str, Any]:
    about = {"id": str(number), "channel": 0, "confidence": _CONFIDENCE, **_times(part)}
    return {**about, "transcript": part.text.strip(), "words": [_word(word) for word in part.timed_words()]}


def _times(part: TranscriptPart) -> dict[str, float]:
    return {"start": part.start_ms / 1000, "end": part.end_ms / 1000}
