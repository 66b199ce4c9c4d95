"""Conversations of ``fuzz`` in other products' protocols, by wire and number. Pure. ``WIRES`` lists them."""

import random
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from enum import StrEnum
from typing import Final, NamedTuple

from client.connection import Address
from loadtest.core.raw_socket import handshake
from loadtest.scenarios.fuzzing import dialects
from loadtest.scenarios.fuzzing.answers import Judge, Judged
from loadtest.scenarios.fuzzing.conversation import ENDS, Conversation, FuzzKind
from loadtest.scenarios.fuzzing.items import FuzzMessage, Item, encode_items
from loadtest.scenarios.fuzzing.mutations import (
    NASTY,
    Mutation,
    change_fields,
    change_frames,
    change_order,
    change_text,
    flood,
)
from loadtest.scenarios.fuzzing.requests import bad_handshake, openai_request


class Wire(StrEnum):
    """Protocol that is fuzzed."""

    OWN = "own"
    OPENAI = "openai"
    REALTIME = "realtime"
    FUNASR = "funasr"
    WYOMING = "wyoming"
    EARLIER = "earlier"
    DEEPGRAM = "deepgram"
    VOSK = "vosk"


class FuzzedWire(NamedTuple):
    """Protocol of another product. ``ordinary`` returns valid messages, or ``request`` a whole request.

    ``path``: of its WebSocket; without one, messages are sent over TCP as ``as_lines`` returns them.
    """

    ordinary: Callable[[random.Random], list[Item]] | None = None
    judge: Judge = lambda payload: Judged()
    path: str = ""
    subprotocol: str = ""
    request: Callable[[random.Random, Address], bytes] | None = None


WIRES: Final = {
    Wire.OPENAI: FuzzedWire(request=openai_request),
    Wire.REALTIME: FuzzedWire(
        dialects.realtime, dialects.judge_realtime, "/v1/realtime?intent=transcription", "realtime"
    ),
    Wire.FUNASR: FuzzedWire(dialects.funasr, dialects.judge_funasr, "/v1/funasr", "binary"),
    Wire.WYOMING: FuzzedWire(dialects.wyoming, dialects.judge_wyoming),
    Wire.EARLIER: FuzzedWire(dialects.earlier, dialects.judge_earlier, "/ws/asr"),
    Wire.DEEPGRAM: FuzzedWire(
        dialects.deepgram,
        dialects.judge_deepgram,
        "/v1/listen?encoding=linear16&sample_rate=16000&interim_results=true&vad_events=true",
    ),
    Wire.VOSK: FuzzedWire(dialects.vosk, dialects.judge_vosk, "/v1/vosk"),
}
_WEIGHTS: Final = {
    FuzzKind.VALID: 8,
    FuzzKind.FIELDS: 6,
    FuzzKind.ORDER: 5,
    FuzzKind.AUDIO: 4,
    FuzzKind.TEXT: 4,
    FuzzKind.FRAMES: 3,
    FuzzKind.FLOOD: 2,
    FuzzKind.HANDSHAKE: 1,
}
_FLOOD: Final = 30
_HUGE: Final = 5 * 1024 * 1024
_AUDIO_FIELDS: Final = frozenset({"audio", "audio_data"})


def dialect_conversation(wire: Wire, seed: int, number: int, address: Address) -> Conversation:
    """Return the conversation with this number in another product's protocol."""
    source, fuzzed = random.Random(f"fuzz/{wire}/{seed}/{number}"), WIRES[wire]
    if fuzzed.request is not None:
        return Conversation(number, FuzzKind.REQUEST, fuzzed.request(source, address))
    assert fuzzed.ordinary is not None
    kind = source.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0]
    end = source.choices(tuple(ENDS), tuple(ENDS.values()))[0]
    opening = handshake(address, fuzzed.path, fuzzed.subprotocol) if fuzzed.path else b""
    if kind is FuzzKind.HANDSHAKE and opening:
        return Conversation(number, kind, bad_handshake(source, opening), judge=fuzzed.judge)
    mutate = _MUTATIONS.get(kind)
    items = deepcopy(fuzzed.ordinary(source))  # mutations must not change values that all conversations share
    messages = mutate(source, items) if mutate else encode_items(items)
    if not opening:
        messages = dialects.as_lines(messages)
    return Conversation(number, kind, opening, tuple(messages), end, fuzzed.judge)


def damage_audio(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Change, cut, lengthen or double audio, which is bytes or a field in base64."""
    spoken = [at for at, item in enumerate(items) if isinstance(item, bytes) or _AUDIO_FIELDS & set(item)]
    at = source.choice(spoken) if spoken else len(items)
    before = items[at] if spoken else bytes(320)
    pcm = before if isinstance(before, bytes) else source.randbytes(640)
    changed = source.choice((pcm[:-1], b"", b"\0", pcm * 3, source.randbytes(source.randrange(9_999))))
    if source.random() < 0.02:
        changed = bytes(_HUGE)
    if isinstance(before, bytes):
        items[at : at + 1] = [changed] * source.choice((1, 1, 2))
    else:
        text = b64encode(changed).decode()
        (name,) = _AUDIO_FIELDS & set(before)
        items[at] = before | {name: source.choice((text, text[:-1], text + "=", "\u4f60", *NASTY))}
    return encode_items(items)


def flood_a_little(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Repeat one message, but not so often that its audio fills the queue of the workers for long."""
    return flood(source, items, _FLOOD)


_MUTATIONS: Final[dict[FuzzKind, Mutation]] = {
    FuzzKind.FIELDS: change_fields,
    FuzzKind.ORDER: change_order,
    FuzzKind.AUDIO: damage_audio,
    FuzzKind.TEXT: change_text,
    FuzzKind.FRAMES: change_frames,
    FuzzKind.FLOOD: flood_a_little,
}
