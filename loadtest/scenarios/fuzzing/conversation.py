"""Conversations of ``fuzz`` by number. Pure: seed, number and sessions determine every byte."""

import random
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from client.connection import Address
from loadtest.core.raw_socket import handshake
from loadtest.scenarios.fuzzing.answers import Judge, judge_own
from loadtest.scenarios.fuzzing.items import FuzzMessage, SessionOf, encode_items, ordinary
from loadtest.scenarios.fuzzing.mutations import (
    Mutation,
    change_audio,
    change_fields,
    change_frames,
    change_order,
    change_text,
    flood,
)
from loadtest.scenarios.fuzzing.requests import FuzzedRoute, bad_handshake, request
from protocol.session import STREAM_PATH

_RECENT: Final = 50


class FuzzKind(StrEnum):
    """Kind of conversation: what is changed in it, if anything."""

    VALID = "valid"
    FIELDS = "fields"
    ORDER = "order"
    AUDIO = "audio"
    TEXT = "text"
    FRAMES = "frames"
    FLOOD = "flood"
    RESUME = "resume"
    HANDSHAKE = "handshake"
    REQUEST = "request"


class FuzzEnd(StrEnum):
    """How the fuzzer ends a conversation: by a close, at once or after listening, or by a reset."""

    CLOSE = "close"
    LISTEN = "listen"
    RESET = "reset"


_WEIGHTS: Final = {
    FuzzKind.VALID: 12,
    FuzzKind.FIELDS: 4,
    FuzzKind.ORDER: 5,
    FuzzKind.AUDIO: 4,
    FuzzKind.TEXT: 3,
    FuzzKind.FRAMES: 3,
    FuzzKind.FLOOD: 3,
    FuzzKind.RESUME: 2,
    FuzzKind.HANDSHAKE: 1,
    FuzzKind.REQUEST: 3,
}
_MUTATIONS: Final[dict[FuzzKind, Mutation]] = {
    FuzzKind.FIELDS: change_fields,
    FuzzKind.ORDER: change_order,
    FuzzKind.AUDIO: change_audio,
    FuzzKind.TEXT: change_text,
    FuzzKind.FRAMES: change_frames,
    FuzzKind.FLOOD: flood,
}
ENDS: Final = {FuzzEnd.CLOSE: 35, FuzzEnd.LISTEN: 50, FuzzEnd.RESET: 15}


class Conversation(NamedTuple):
    """Conversation: ``opening`` is the first request; ``messages`` follow over the WebSocket that it opens.

    Without an opening the messages are sent over TCP. ``judge``: judges the gateway's answers.
    """

    number: int
    kind: FuzzKind
    opening: bytes
    messages: tuple[FuzzMessage, ...] = ()
    end: FuzzEnd = FuzzEnd.CLOSE
    judge: Judge = judge_own


def conversation(
    seed: int, number: int, session_of: SessionOf, address: Address, known: Sequence[FuzzedRoute]
) -> Conversation:
    """Return the conversation with this number."""
    source = random.Random(f"fuzz/{seed}/{number}")
    kind = source.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0]
    if kind is FuzzKind.REQUEST and known:
        return Conversation(number, kind, request(source, known, address))
    if kind is FuzzKind.HANDSHAKE:
        return Conversation(number, kind, bad_handshake(source, handshake(address)))
    end = source.choices(tuple(ENDS), tuple(ENDS.values()))[0]
    if kind is FuzzKind.RESUME:
        return _resuming_conversation(source, number, session_of, address, end)
    items = ordinary(source, session_of(number))
    mutate = _MUTATIONS.get(kind)
    messages = mutate(source, items) if mutate else encode_items(items)
    return Conversation(number, kind, handshake(address), tuple(messages), end)


def _resuming_conversation(
    source: random.Random, number: int, session_of: SessionOf, address: Address, end: FuzzEnd
) -> Conversation:
    """Return a conversation in the session of an earlier one, which it takes over or resumes."""
    other = session_of(max(0, number - source.randint(1, _RECENT)))
    items = ordinary(source, other)
    hello = items[0]
    assert isinstance(hello, dict)
    hello["resume"] = source.random() < 0.8
    if source.random() < 0.5:
        hello["instance"] = "fuzz"
        hello["connection"] = source.randrange(3)
    hello["pieces"] = source.random() < 0.5
    query = "?resume=1" if source.random() < 0.5 else ""
    return Conversation(
        number, FuzzKind.RESUME, handshake(address, STREAM_PATH + query), tuple(encode_items(items)), end
    )


def sessions(salt: bytes) -> SessionOf:
    """Return the sessions of a run: equal salts give equal sessions."""
    return lambda number: UUID(int=random.Random(salt + b"/%d" % number).getrandbits(128), version=4)
