"""Parameters and messages of clients of Deepgram's API. Pure. Source: Deepgram, "Listen" of the API reference.

Parameters that are not named here are ignored, as clients send more with each version.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.dialects.audio_formats import MOST_CHANNELS, RATES, IncomingFormat
from backend.dialects.client_values import cut_hotword, distinct_hotwords, json_object
from protocol.recognition import Options

LINEAR: Final = "linear16"
LAWS: Final = {"mulaw": "mu-law", "alaw": "a-law"}
_TELEPHONE_RATE: Final = 8_000
_PLAIN_RATE: Final = 16_000
_ENDPOINT_MS: Final = 600
_ENDPOINTS_MS: Final = (300, 5_000)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_BY_OTHERS: Final = {
    "callback": "this gateway calls no address: leave out callback, and wait for the answer",
    "multichannel": "channels are heard together: leave out multichannel, or send each in a request of its own",
}


class ParameterInvalid(Exception):
    """A parameter with a value that cannot be used."""


@dataclass(frozen=True)
class ListenRequest:
    """A request to listen. ``format``: of continuous audio; ``None``: the audio begins with a header.

    ``gap_ms``: silence after which the end of an utterance is reported; 0: it is not reported.
    """

    options: Options
    format: IncomingFormat | None = None
    interim: bool = False
    endpoint_ms: int = _ENDPOINT_MS
    gap_ms: int = 0
    starts: bool = False
    utterances: bool = False
    paragraphs: bool = False


def listen_request(query: Iterable[tuple[str, str]], models: Collection[str]) -> ListenRequest:
    """Return the request in these parameters; ``models``: those on offer. Raises ``ParameterInvalid``.

    A model that is not on offer, such as ``nova-3``, means any.
    """
    pairs = list(query)
    given = dict(pairs)
    for name, message in _BY_OTHERS.items():
        if given.get(name, "false").lower() not in ("false", ""):
            raise ParameterInvalid(message)
    interim = _flag(given, "interim_results")
    return ListenRequest(
        Options(
            language=_language(given),
            hotwords=hotwords(pairs),
            itn=_flag(given, "numerals", default=True) or _flag(given, "smart_format"),
            punctuation=_flag(given, "punctuate", default=True) or _flag(given, "smart_format"),
            partials=interim,
            model=given["model"] if given.get("model") in models else "",
        ),
        _format(given),
        interim,
        _endpoint(given),
        _number(given, "utterance_end_ms", 0, (0, 60_000)),
        _flag(given, "vad_events"),
        _flag(given, "utterances"),
        _flag(given, "paragraphs"),
    )


def hotwords(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return names and terms that may be spoken. The weights of keywords are not used."""
    return distinct_hotwords(_term(name, value) for name, value in pairs if name in ("keyterm", "keywords"))


def client_message(data: str) -> dict[str, Any] | None:
    """Parse a message of the client; return ``None`` if it is invalid."""
    said = json_object(data)
    return said if said is not None and isinstance(said.get("type"), str) else None


def _term(name: str, value: str) -> str:
    return cut_hotword(value.rpartition(":")[0] if name == "keywords" and ":" in value else value)


def _language(given: Mapping[str, str]) -> str:
    language = given.get("language", "").strip().lower()
    if language in ("", "multi") or _flag(given, "detect_language"):
        return "auto"
    language = re.split("[-_]", language)[0]
    if not _LANGUAGE.fullmatch(language):
        raise ParameterInvalid("language is a code such as en, en-GB or multi")
    return language


def _format(given: Mapping[str, str]) -> IncomingFormat | None:
    encoding = given.get("encoding", "").lower()
    if not encoding:
        return None
    if encoding != LINEAR and encoding not in LAWS:
        raise ParameterInvalid(f"encoding is {LINEAR}, {' or '.join(LAWS)}: files need none")
    usual = _PLAIN_RATE if encoding == LINEAR else _TELEPHONE_RATE
    rate = _number(given, "sample_rate", usual, RATES)
    channels = _number(given, "channels", 1, (1, MOST_CHANNELS))
    return IncomingFormat(rate, channels, LAWS.get(encoding, ""))


def _endpoint(given: Mapping[str, str]) -> int:
    """Return the silence that ends a segment: the client's value, within the limits of recognition."""
    if given.get("endpointing", "true").lower() in ("true", "false", ""):
        return _ENDPOINT_MS
    least, most = _ENDPOINTS_MS
    return min(max(_number(given, "endpointing", _ENDPOINT_MS, (0, 600_000)), least), most)


def _number(given: Mapping[str, str], name: str, default: int, limits: tuple[int, int]) -> int:
    least, most = limits
    text = given.get(name, "") or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise ParameterInvalid(f"{name} is a number from {least} to {most}")
    return int(text)


def _flag(given: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    return given[name].lower() in ("true", "1") if given.get(name) else default
