"""Protocols of other products for ``fuzz``: valid messages of each, and judges of the answers. Pure."""

import random
from base64 import b64encode
from typing import Any, Final

from loadtest.core.raw_socket import TEXT
from loadtest.scenarios.fuzzing.answers import Judged, MalformedAnswer, decode_answer, judge_error
from loadtest.scenarios.fuzzing.items import FuzzMessage, Item

_CHANCE: Final = 0.3
_FRAMES: Final = (2, 320, 1_920, 9_600)
"""Sizes of audio messages, in bytes."""


def audio(source: random.Random, sizes: tuple[int, ...] = _FRAMES) -> bytes:
    """Return noise of one of these sizes."""
    return source.randbytes(source.choice(sizes))


# -- Deepgram ----------------------------------------------------------------------------------------------


def deepgram(source: random.Random) -> list[Item]:
    """Return the messages of a live session: audio and control messages."""
    items: list[Item] = [{"type": "KeepAlive"}]
    for _ in range(source.randint(1, 8)):
        items.append(audio(source))
        if source.random() < _CHANCE:
            kind = source.choice(("KeepAlive", "Finalize", "Configure"))
            items.append({"type": kind} | ({"keyterms": ["Ann"]} if kind == "Configure" else {}))
    if source.random() > _CHANCE:
        items.append({"type": "CloseStream"})
    return items


def judge_deepgram(payload: bytes) -> Judged:
    """Judge a message of the server."""
    answer = decode_answer(payload, "type")
    if answer["type"] not in ("Error", "ConfigureFailure"):
        return Judged()
    return judge_error(answer.get("variant") or answer.get("code"), answer.get("description"))


# -- the earlier server --------------------------------------------------------------------------------------


def earlier(source: random.Random) -> list[Item]:
    """Return recordings in chunks."""
    items: list[Item] = []
    for number in range(source.randint(1, 3)):
        name = f"{number}/{source.choice(('a', '早上', 'x' * 60))}"
        items.append({"action": "start", "session_id": name, "user_id": source.choice(("ann", "", None))})
        for index in range(source.randint(0, 6)):
            data = b64encode(audio(source, (0, 2, 1_920, 16_000))).decode()
            items.append({"action": "chunk", "session_id": name, "chunk_index": index, "audio_data": data})
        if source.random() > _CHANCE:
            items.append({"action": "finish", "session_id": name})
    return items


def judge_earlier(payload: bytes) -> Judged:
    """Judge a message of the server; its errors have no codes."""
    answer = decode_answer(payload, "type", "chunk_index")
    if answer["type"] != "error":
        return Judged()
    if not answer.get("message"):
        raise MalformedAnswer("an error has no message")
    return judge_error("error", answer["message"])


# -- FunASR ------------------------------------------------------------------------------------------------

_HOTWORDS: Final[tuple[Any, ...]] = ("", '{"Ann": 20}', "Ann 20\nBob 10", {"Ann": 20}, ["Ann"])


def funasr(source: random.Random) -> list[Item]:
    """Return configurations, audio and ends of speeches."""
    items: list[Item] = []
    for _ in range(source.randint(1, 2)):
        items.append(_funasr_configuration(source))
        items += [audio(source) for _ in range(source.randint(0, 6))]
        if source.random() < 2 * _CHANCE:
            items.append({"is_speaking": False} | ({"is_end": True} if source.random() < _CHANCE else {}))
    return items


def _funasr_configuration(source: random.Random) -> Item:
    return {
        "mode": source.choice(("2pass", "online", "offline")),
        "chunk_size": [5, 10, 5],
        "chunk_interval": 10,
        "wav_name": source.choice(("microphone", "a", "b" * 40)),
        "wav_format": "pcm",
        "audio_fs": source.choice((16_000, 8_000)),
        "is_speaking": True,
        "hotwords": source.choice(_HOTWORDS),
        "itn": source.random() < _CHANCE,
        "svs_lang": source.choice(("auto", "zh", "en")),
    }


def judge_funasr(payload: bytes) -> Judged:
    """Judge a message of the server."""
    return _judge_error_field(decode_answer(payload, "mode", "wav_name", "text", "is_final"))


# -- OpenAI's Realtime API -----------------------------------------------------------------------------------

_INPUT: Final = "input_audio_buffer"
_FORMATS: Final[tuple[Any, ...]] = (
    {"type": "audio/pcm", "rate": 16_000}, {"type": "audio/pcm", "rate": 24_000}, {"type": "audio/pcmu"},
    {"type": "audio/pcma"},
)  # fmt: skip
_TURNS: Final[tuple[Any, ...]] = (
    None, {"type": "server_vad", "silence_duration_ms": 200, "threshold": 0.5}, {"type": "semantic_vad"},
)  # fmt: skip


def realtime(source: random.Random) -> list[Item]:
    """Return the events of a client that transcribes."""
    items: list[Item] = [_session_update(source)]
    for _ in range(source.randint(1, 10)):
        data = b64encode(audio(source, (2, 320, 3_200, 9_600))).decode()
        items.append({"type": f"{_INPUT}.append", "event_id": f"event_{source.randrange(99)}", "audio": data})
        if source.random() < _CHANCE / 2:
            items.append({"type": f"{_INPUT}.{source.choice(('commit', 'clear'))}"})
        if source.random() < _CHANCE / 4:
            items.append(_session_update(source))
    return items


def _session_update(source: random.Random) -> Item:
    transcription = {"model": "whisper-1", "language": source.choice(("en", "zh", "")), "prompt": "Ann, Bob"}
    if source.random() < _CHANCE:
        session: dict[str, Any] = {"input_audio_format": source.choice(("pcm16", "g711_ulaw", "g711_alaw"))}
        session |= {"input_audio_transcription": transcription, "turn_detection": source.choice(_TURNS)}
        return {"type": "transcription_session.update", "session": session}
    given = {"format": source.choice(_FORMATS), "transcription": transcription}
    given |= {"turn_detection": source.choice(_TURNS), "noise_reduction": None}
    return {"type": "session.update", "session": {"type": "transcription", "audio": {"input": given}}}


def judge_realtime(payload: bytes) -> Judged:
    """Judge an event of the server."""
    return _judge_error_field(decode_answer(payload, "type", "event_id"))


def _judge_error_field(answer: dict[str, Any]) -> Judged:
    error = answer.get("error")
    return judge_error(error.get("code"), error.get("message")) if isinstance(error, dict) else Judged()


# -- Vosk --------------------------------------------------------------------------------------------------

_REPLIES: Final = frozenset({"partial", "text", "alternatives"})


def vosk(source: random.Random) -> list[Item]:
    """Return configurations, audio and ends of speeches."""
    config = {"sample_rate": source.choice((8_000, 16_000.0)), "words": source.random() < _CHANCE}
    items: list[Item] = [{"config": config | ({"phrase_list": ["Ann"]} if source.random() < _CHANCE else {})}]
    for _ in range(source.randint(1, 8)):
        items.append(audio(source, (2, 320, 1_920, 8_000)))
        if source.random() < _CHANCE:
            items.append({"reset": 1})
    if source.random() > _CHANCE:
        items.append({"eof": 1})
    return items


def judge_vosk(payload: bytes) -> Judged:
    """Judge a reply of the server; it reports errors by the code with which it closes."""
    if not _REPLIES & set(decode_answer(payload)):
        raise MalformedAnswer("a reply of the gateway has no text")
    return Judged()


# -- Wyoming -----------------------------------------------------------------------------------------------


def wyoming(source: random.Random) -> list[Item]:
    """Return the events that Home Assistant sends; each payload is an item of its own."""
    items: list[Item] = [{"type": "describe"}] if source.random() < _CHANCE else []
    for _ in range(source.randint(1, 2)):
        language = source.choice(("en", "zh-CN", None))
        items.append({"type": "transcribe", "data": {"language": language, "name": source.choice((None, "any"))}})
        form = {"rate": source.choice((16_000, 22_050, 48_000)), "width": 2, "channels": source.choice((1, 2))}
        items.append({"type": "audio-start", "data": form})
        for _ in range(source.randint(0, 6)):
            payload = audio(source, (0, 2, 2_048, 9_600))
            items += [{"type": "audio-chunk", "data": form, "payload_length": len(payload)}, payload]
        if source.random() < 2 * _CHANCE:
            items.append({"type": "audio-stop"})
    return items


def as_lines(messages: list[FuzzMessage]) -> list[FuzzMessage]:
    """Return messages for TCP: texts as lines, payloads unchanged."""
    return [
        message._replace(payload=message.payload + (b"\n" if message.opcode == TEXT else b""), raw=True)
        for message in messages
    ]


def judge_wyoming(received: bytes) -> Judged:
    """Judge all received events; the last one may be incomplete if the fuzzer reset the connection."""
    found = Judged()
    while received:
        line, ended, received = received.partition(b"\n")
        try:
            event = decode_answer(line, "type")
        except MalformedAnswer:
            if ended:
                raise
            return found
        size = _length(event, "data_length")
        data = received[:size]
        received = received[size + _length(event, "payload_length") :]
        if event["type"] == "error":
            found = _judge_wyoming_error(event.get("data") or {}, data)
        if found.fault:
            return found
    return found


def _length(event: dict[str, Any], field: str) -> int:
    length = event.get(field) or 0
    if type(length) is not int or length < 0:
        raise MalformedAnswer(f"{field} is not a length: {length!r:.40}")
    return length


def _judge_wyoming_error(inline: object, data: bytes) -> Judged:
    if not inline and not data:
        raise MalformedAnswer("an error without data")
    if not isinstance(inline, dict):
        raise MalformedAnswer(f"the data of an error is not an object: {inline!r:.40}")
    error = inline or decode_answer(data, "text")
    if "text" not in error:
        raise MalformedAnswer("an error without text")
    return judge_error(error.get("code"), error["text"])
