"""Conversations of ``fuzz`` by number. Pure: seed, number and sessions decide every byte."""

import random
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from client.connection import Address
from loadtest.core.raw_socket import handshake
from loadtest.scenarios.fuzzing.items import Message, SessionOf, encoded, ordinary
from loadtest.scenarios.fuzzing.mutations import (
    Mutation,
    audio_changed,
    fields_changed,
    flooded,
    frames_changed,
    order_changed,
    text_changed,
)
from loadtest.scenarios.fuzzing.requests import Route, bad_handshake, request
from protocol.session import STREAM_PATH

_RECENT: Final = 50


class Kind(StrEnum):
    """Kind of conversation: what is changed, or none."""

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


class End(StrEnum):
    """How this side ends a conversation: by a close, at once or after listening, or by a reset."""

    CLOSE = "close"
    LISTEN = "listen"
    RESET = "reset"


_WEIGHTS: Final = {
    Kind.VALID: 12,
    Kind.FIELDS: 4,
    Kind.ORDER: 5,
    Kind.AUDIO: 4,
    Kind.TEXT: 3,
    Kind.FRAMES: 3,
    Kind.FLOOD: 3,
    Kind.RESUME: 2,
    Kind.HANDSHAKE: 1,
    Kind.REQUEST: 3,
}
_MUTATIONS: Final[dict[Kind, Mutation]] = {
    Kind.FIELDS: fields_changed,
    Kind.ORDER: order_changed,
    Kind.AUDIO: audio_changed,
    Kind.TEXT: text_changed,
    Kind.FRAMES: frames_changed,
    Kind.FLOOD: flooded,
}
_ENDS: Final = {End.CLOSE: 35, End.LISTEN: 50, End.RESET: 15}


class Conversation(NamedTuple):
    """Conversation: ``opening`` is the first request, ``messages`` follow once it is a WebSocket."""

    number: int
    kind: Kind
    opening: bytes
    messages: tuple[Message, ...] = ()
    end: End = End.CLOSE


def conversation(
    seed: int, number: int, session_of: SessionOf, address: Address, known: Sequence[Route]
) -> Conversation:
    """Return the conversation with this number."""
    source = random.Random(f"fuzz/{seed}/{number}")
    kind = source.choices(tuple(_WEIGHTS), tuple(_WEIGHTS.values()))[0]
    if kind is Kind.REQUEST and known:
        return Conversation(number, kind, request(source, known, address))
    if kind is Kind.HANDSHAKE:
        return Conversation(number, kind, bad_handshake(source, address))
    end = source.choices(tuple(_ENDS), tuple(_ENDS.values()))[0]
    if kind is Kind.RESUME:
        return _resumed(source, number, session_of, address, end)
    items = ordinary(source, session_of(number))
    mutate = _MUTATIONS.get(kind)
    messages = mutate(source, items) if mutate else encoded(items)
    return Conversation(number, kind, handshake(address), tuple(messages), end)


def _resumed(
    source: random.Random, number: int, session_of: SessionOf, address: Address, end: End
) -> Conversation:
    """Return a conversation that takes over or resumes the session of an earlier one, with its own segments."""
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
    return Conversation(number, Kind.RESUME, handshake(address, STREAM_PATH + query), tuple(encoded(items)), end)


def sessions(salt: bytes) -> SessionOf:
    """Return the sessions of a run: the same salt gives the same ones."""
    return lambda number: UUID(int=random.Random(salt + b"/%d" % number).getrandbits(128), version=4)
