"""Fields of a transcription request. Pure. Source: OpenAI, "Create transcription" of the API reference.

Fields that are not named here are ignored, as clients send more with each version.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from msgspec import structs

from backend.dialects.client_values import cut_hotword, distinct_hotwords
from protocol.recognition import Options

FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
_STREAMED: Final = ("json", "text")
_TIMED: Final = ("srt", "vtt", "verbose_json")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}|auto")
"""Codes of languages, and ``auto``, which clients of whisper.cpp send for any language."""
_PHRASES: Final = re.compile(r"[\x00-\x1f\x7f,;，、；。.]+")
_TRUE: Final = {"true", "1"}


class RequestInvalid(Exception):
    """A field with a value that cannot be used. ``param``: its name."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class TranscriptionRequest:
    """A request to transcribe a file. ``format``: one of ``FORMATS``. ``words``: times of words are wanted."""

    options: Options
    format: str = "json"
    words: bool = False
    segments: bool = True
    streams: bool = False


def translation_request(fields: Mapping[str, str]) -> TranscriptionRequest:
    """Return the request for English text in these fields, by any model that can. Raises ``RequestInvalid``."""
    asked = transcription_request(fields, ())
    return replace(asked, options=structs.replace(asked.options, task="translate", priority="bulk"))


def transcription_request(fields: Mapping[str, str], models: Collection[str]) -> TranscriptionRequest:
    """Return the request in these fields; ``models``: those on offer. Raises ``RequestInvalid``.

    A model that is not on offer, such as ``whisper-1``, means any.
    """
    wanted = fields.get("response_format") or "json"
    if wanted not in FORMATS:
        raise RequestInvalid("response_format", f"response_format is one of {', '.join(FORMATS)}")
    streams = fields.get("stream", "").lower() in _TRUE
    if streams and wanted not in _STREAMED:
        raise RequestInvalid("response_format", f"a stream has the format {' or '.join(_STREAMED)}")
    kinds = {value for name, value in fields.items() if name.startswith("timestamp_granularities")}
    kinds = {kind.strip() for value in kinds for kind in value.split(",") if kind.strip()}
    if unknown := kinds - {"word", "segment"}:
        raise RequestInvalid("timestamp_granularities", f"granularities are word and segment, not {min(unknown)}")
    _check_temperature(fields.get("temperature", ""))
    return TranscriptionRequest(
        Options(
            language=_language(fields),
            hotwords=hotwords(fields.get("prompt", "")),
            model=_model(fields, models),
            priority="bulk" if "word" in kinds or wanted in _TIMED else "interactive",  # only bulk has word times
        ),
        wanted,
        words="word" in kinds,
        segments="segment" in kinds or "word" not in kinds,
        streams=streams,
    )


def hotwords(prompt: str) -> tuple[str, ...]:
    """Return the phrases of a prompt: names and terms that may be spoken."""
    return distinct_hotwords(map(cut_hotword, _PHRASES.split(prompt)))


def _language(fields: Mapping[str, str]) -> str:
    language = fields.get("language", "").strip().lower().partition("-")[0]
    if language and not LANGUAGE.fullmatch(language):
        raise RequestInvalid("language", "language is a code of ISO 639-1, such as en or zh")
    return language or "auto"


def _model(fields: Mapping[str, str], models: Collection[str]) -> str:
    model = fields.get("model", "").strip()
    return model if model in models else ""


def _check_temperature(text: str) -> None:
    try:
        valid = not text or 0.0 <= float(text) <= 1.0
    except ValueError:
        valid = False
    if not valid:
        raise RequestInvalid("temperature", "temperature is a number from 0 to 1")
