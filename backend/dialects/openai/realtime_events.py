"""Events of OpenAI's Realtime API for transcription. Pure. Source: OpenAI, "Realtime", client and server events.

Older clients send ``transcription_session.update`` with flat fields; both forms are read.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

import msgspec

from backend.dialects.client_values import json_object, text_of
from backend.dialects.openai.requests import LANGUAGE, hotwords
from protocol.recognition import Options

_RATES: Final = (8_000, 16_000, 24_000, 44_100, 48_000)
_LAWS: Final = {"audio/pcmu": "mu-law", "audio/pcma": "a-law", "g711_ulaw": "mu-law", "g711_alaw": "a-law"}
_TELEPHONE: Final = 8_000
_TURNS: Final = "session.audio.input.turn_detection"
_FLAT_PCM: Final = "pcm16"
_LEAST_SILENCE_MS: Final = 200
_MOST_SILENCE_MS: Final = 4_000


class EventInvalid(Exception):
    """An event that cannot be used. ``param``: the field; ``code``: as the API names it."""

    def __init__(self, message: str, param: str | None = None, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.param, self.code = param, code


@dataclass(frozen=True)
class RealtimeConfig:
    """Configuration of a session. ``law``: coding of telephone speech; empty: PCM.

    ``silence_ms``: silence that ends a turn; ``None``: the client ends turns. ``model``, ``prompt``: as given.
    """

    rate: int = 24_000
    law: str = ""
    silence_ms: int | None = 500
    options: Options = Options(partials=True)
    model: str = ""
    prompt: str = ""


def client_event(data: str) -> dict[str, Any]:
    """Return a client's event. Raises ``EventInvalid``."""
    event = json_object(data)
    if event is None:
        raise EventInvalid("an event is an object of JSON", code="invalid_json")
    if not isinstance(event.get("type"), str):
        raise EventInvalid("an event is an object with a type", "type")
    return event


def audio_of(event: Mapping[str, Any]) -> bytes:
    """Return the audio of an ``append``. Raises ``EventInvalid``."""
    try:
        return b64decode(event["audio"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise EventInvalid("an append has audio in base64", "audio", "invalid_audio") from error


def updated_config(before: RealtimeConfig, event: Mapping[str, Any]) -> RealtimeConfig:
    """Return the configuration after an update; missing fields keep their value. Raises ``EventInvalid``."""
    session = event.get("session")
    if not isinstance(session, Mapping):
        raise EventInvalid("an update has a session", "session")
    audio = session.get("audio")
    given = audio.get("input", {}) if isinstance(audio, Mapping) else _nested_fields(session)
    if not isinstance(given, Mapping):
        raise EventInvalid("audio.input is an object", "session.audio.input")
    config = before
    if "format" in given:
        config = _with_format(config, given["format"])
    if "transcription" in given:
        config = _with_transcription(config, given["transcription"])
    if "turn_detection" in given:
        config = replace(config, silence_ms=_silence_ms(given["turn_detection"]))
    return config


def session_fields(config: RealtimeConfig, session: str) -> dict[str, Any]:
    """Return the session as ``session.created`` and ``session.updated`` describe it."""
    kind = {"mu-law": "audio/pcmu", "a-law": "audio/pcma"}.get(config.law, "audio/pcm")
    language = "" if config.options.language == "auto" else config.options.language
    turns = None if config.silence_ms is None else {"type": "server_vad", "silence_duration_ms": config.silence_ms}
    given = {
        "format": {"type": kind} if config.law else {"type": kind, "rate": config.rate},
        "transcription": {"model": config.model, "language": language, "prompt": config.prompt},
        "turn_detection": turns,
        "noise_reduction": None,
    }
    return {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": session,
        "audio": {"input": given},
    }


def server_event(kind: str, **fields: Any) -> str:
    """Return an event of the server, with an id of its own."""
    return msgspec.json.encode({"type": kind, "event_id": f"event_{uuid4().hex}", **fields}).decode()


def error_event(code: str, message: str, param: str | None = None, about: object = None) -> str:
    """Return an ``error``; ``about``: id of the client's event."""
    kind = "server_error" if code in ("busy", "unavailable", "internal") else "invalid_request_error"
    error = {"type": kind, "code": code, "message": message, "param": param, "event_id": text_of(about) or None}
    return server_event("error", error=error)


def _nested_fields(session: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flat fields of older clients in today's form."""
    names = {"input_audio_format": "format", "input_audio_transcription": "transcription"}
    return {names.get(name, name): value for name, value in session.items()}


def _with_format(config: RealtimeConfig, given: object) -> RealtimeConfig:
    kind = given.get("type") if isinstance(given, Mapping) else given
    if law := _LAWS.get(text_of(kind)):
        return replace(config, rate=_TELEPHONE, law=law)
    if kind == _FLAT_PCM:
        return replace(config, rate=24_000, law="")
    rate = given.get("rate", 24_000) if isinstance(given, Mapping) else None
    if kind != "audio/pcm" or rate not in _RATES:
        known = f"audio/pcm at {', '.join(map(str, _RATES))} Hz, audio/pcmu and audio/pcma"
        raise EventInvalid(f"formats are {known}", "session.audio.input.format")
    return replace(config, rate=int(rate), law="")


def _with_transcription(config: RealtimeConfig, given: object) -> RealtimeConfig:
    given = given if isinstance(given, Mapping) else {}
    language = text_of(given.get("language")).lower().partition("-")[0]
    if language and not LANGUAGE.fullmatch(language):
        raise EventInvalid("language is a code of ISO 639-1", "session.audio.input.transcription.language")
    prompt = text_of(given.get("prompt"))
    options = Options(language=language or "auto", hotwords=hotwords(prompt), partials=True)
    return replace(config, options=options, model=text_of(given.get("model")), prompt=prompt)


def _silence_ms(given: object) -> int | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.get("type") not in ("server_vad", "semantic_vad", "none"):
        raise EventInvalid(
            "turn_detection is server_vad, semantic_vad or null", "session.audio.input.turn_detection"
        )
    if given["type"] == "none":
        return None
    silence = given.get("silence_duration_ms", 500)
    if not isinstance(silence, int | float):
        raise EventInvalid("silence_duration_ms is a number", _TURNS)
    return int(min(_MOST_SILENCE_MS, max(_LEAST_SILENCE_MS, silence)))
