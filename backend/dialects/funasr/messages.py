"""Messages of FunASR's WebSocket protocol. Pure.

Sources: FunASR, ``runtime/docs/websocket_protocol.md``, and what its servers and others' clients do beyond it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backend.dialects.audio_formats import RATES
from backend.dialects.client_values import LONGEST_HOTWORD, distinct_hotwords, json_object, text_of
from backend.dialects.transcript import TranscriptPart
from protocol.errors import NOT_JSON, MalformedMessage
from protocol.recognition import Options

Mode = Literal["offline", "online", "2pass"]
PCM: Final = "pcm"
_LISTED: Final = re.compile(r"[\n\r,，、]")
_WEIGHT: Final = re.compile(r"^(?P<word>.*\S)\s+-?\d+$")
_ENDING: Final = re.compile(r"[.,!?;:。，！？；：、…]+$")


class Config(Struct, frozen=True):
    """Configuration of the next speech. ``rate``: of PCM, in Hz. ``format``: PCM, or the kind of the file."""

    mode: Mode = "2pass"
    name: str = "microphone"
    format: str = PCM
    rate: int = 16_000
    options: Options = Options()


class FailedSpeech(Struct, frozen=True):
    """Reason why a speech has no text."""

    code: str
    message: str

    def fields(self) -> dict[str, Any]:
        """Return the error as a field of messages."""
        return {"code": self.code, "message": self.message, "details": {}}


class ClientText(Struct, frozen=True):
    """Text message of a client. ``speaks``: whether speech begins or ends; ``None``: not said.

    ``ends``: the client waits for an acknowledgement that everything has come.
    """

    config: Config
    speaks: bool | None = None
    ends: bool = False


def client_text(data: str, before: Config) -> ClientText:
    """Return a client's message; missing fields keep their value. Raises ``MalformedMessage``."""
    said = json_object(data)
    if said is None:
        raise MalformedMessage("a text message is an object of JSON")
    config = replace(
        before,
        mode=_chosen(said, "mode", before.mode, ("offline", "online", "2pass")),
        name=text_of(said.get("wav_name"), before.name)[:256],
        format=text_of(said.get("wav_format"), before.format).lower()[:16],
        rate=_rate(said, before.rate),
        options=_options(said, before.options),
    )
    speaks = said.get("is_speaking")
    return ClientText(config, speaks if isinstance(speaks, bool) else None, bool(said.get("is_end")))


def hotwords(value: object) -> tuple[str, ...]:
    """Return the words of an object, a JSON string of one, or a list of words with weights, which are not used."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except NOT_JSON:
            value = [_without_weight(word) for word in _LISTED.split(str(value))]
    words = [text_of(word).strip() for word in value] if isinstance(value, Mapping | list) else []
    return distinct_hotwords(word for word in words if len(word) <= LONGEST_HOTWORD)


def online(config: Config, text: str) -> str:
    """Return a message with more text that is certain, to be appended."""
    mode = "2pass-online" if config.mode == "2pass" else "online"
    return _encode(config, mode, text, final=False)


def offline(config: Config, parts: list[TranscriptPart], text: str, *, final: bool = False, **more: Any) -> str:
    """Return a message with the text of whole sentences, which replaces what came online since the last one."""
    mode = "2pass-offline" if config.mode == "2pass" else config.mode
    return _encode(config, mode, text, final=final, **_stamps(parts), **more)


def end_message(config: Config, failure: FailedSpeech | None = None) -> str:
    """Return the answer to ``is_end``; after a failed speech, clients expect the error without ``is_final``."""
    if failure is None:
        return _encode(config, config.mode, "", final=True, is_end=True)
    return _encode(config, config.mode, "", final=False, is_end=True, error=failure.fields())


def failed_message(config: Config, failure: FailedSpeech) -> str:
    """Return a message with an error, which is the last one of this speech."""
    mode = "2pass-offline" if config.mode == "2pass" else config.mode
    return _encode(config, mode, "", final=True, error=failure.fields())


def _encode(config: Config, mode: str, text: str, *, final: bool, **more: Any) -> str:
    body = {"mode": mode, "wav_name": config.name, "text": text, "is_final": final, **more}
    return msgspec.json.encode(body).decode()


def _stamps(parts: list[TranscriptPart]) -> dict[str, Any]:
    """Return the times of words, if the engine gives times. Clients read them as a string of JSON."""
    times = [time for part in parts for time in _times(part)]
    if not times:
        return {}
    sentences = [_sentence(part) for part in parts]
    return {"timestamp": msgspec.json.encode(times).decode(), "stamp_sents": sentences}


def _sentence(part: TranscriptPart) -> dict[str, Any]:
    text = part.text.strip()
    mark = _ENDING.search(text)
    return {
        "text_seg": _ENDING.sub("", text),
        "punc": mark.group() if mark else "",
        "start": part.start_ms,
        "end": part.end_ms,
        "ts_list": _times(part),
    }


def _times(part: TranscriptPart) -> list[list[int]]:
    """Return the times of words. Clients expect one for each word, even if the engine times phrases."""
    return [[word.start_ms, word.end_ms] for word in part.timed_words()] if part.words else []


def _chosen(said: Mapping[str, Any], name: str, before: Mode, known: tuple[Mode, ...]) -> Mode:
    value = said.get(name, before)
    if value not in known:
        raise MalformedMessage(f"{name} is one of {', '.join(known)}")
    return known[known.index(value)]


def _rate(said: Mapping[str, Any], before: int) -> int:
    rate, (least, most) = said.get("audio_fs", before), RATES
    if isinstance(rate, bool) or not isinstance(rate, int) or not least <= rate <= most:
        raise MalformedMessage(f"audio_fs is a whole number from {least} to {most}")
    return rate


def _options(said: Mapping[str, Any], before: Options) -> Options:
    language = text_of(said.get("svs_lang"), before.language).lower()
    language = language if re.fullmatch(r"[a-z]{2,3}|auto", language) else "auto"
    words = hotwords(said["hotwords"]) if "hotwords" in said else before.hotwords
    itn = said.get("itn", said.get("svs_itn", before.itn))
    return Options(language=language, hotwords=words, itn=bool(itn))


def _without_weight(line: str) -> str:
    found = _WEIGHT.match(line.strip())
    return found["word"] if found else line.strip()
