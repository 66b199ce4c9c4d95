"""Conversations in protocols of others: repeatable, of all kinds."""

import random
from collections import Counter

import pytest

from client.connection import Address
from loadtest.core.raw_socket import BINARY
from loadtest.scenarios.fuzzing.conversation import Conversation, FuzzEnd, FuzzKind
from loadtest.scenarios.fuzzing.items import Item
from loadtest.scenarios.fuzzing.wires import (
    WIRES,
    Wire,
    damage_audio,
    dialect_conversation,
    flood_a_little,
)

ADDRESS = Address("http://127.0.0.1:8765", "secret")
SOCKETS = [wire for wire, fuzzed in WIRES.items() if fuzzed.path]


def said(wire: Wire, number: int) -> Conversation:
    return dialect_conversation(wire, 1, number, ADDRESS)


def test_every_wire_but_our_own_is_fuzzed() -> None:
    assert {*WIRES, Wire.OWN} == set(Wire)


@pytest.mark.parametrize("wire", WIRES)
def test_conversation_is_repeatable(wire: Wire) -> None:
    for number in range(40):
        first, again = said(wire, number), said(wire, number)
        assert (first.messages, first.kind, first.end) == (again.messages, again.kind, again.end)


@pytest.mark.parametrize("wire", SOCKETS)
def test_all_kinds_and_ends_occur(wire: Wire) -> None:
    kinds = Counter(said(wire, number).kind for number in range(300))
    assert set(kinds) == set(FuzzKind) - {FuzzKind.RESUME, FuzzKind.REQUEST}
    assert {said(wire, number).end for number in range(100)} == set(FuzzEnd)


def test_wyoming_needs_no_handshake_and_sends_bytes_as_they_are() -> None:
    made = [said(Wire.WYOMING, number) for number in range(100)]
    assert all(not one.opening and all(message.raw for message in one.messages) for one in made)


def test_damaged_audio_differs_in_bytes_and_in_base64() -> None:
    before: list[Item] = [b"\1\2" * 40, {"type": "input_audio_buffer.append", "audio": "AAAA"}]
    made = [damage_audio(random.Random(seed), list(before)) for seed in range(50)]
    assert {messages[0].payload for messages in made} > {b"\1\2" * 40}
    assert len({messages[-1].payload for messages in made}) > 10
    assert damage_audio(random.Random(1), [])[0].opcode == BINARY


def test_flood_is_a_small_one() -> None:
    assert 20 < max(len(flood_a_little(random.Random(seed), [{"type": "a"}])) for seed in range(99)) <= 30
