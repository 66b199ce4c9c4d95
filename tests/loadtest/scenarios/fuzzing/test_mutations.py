"""Mutations: repeatable, and different from what was said."""

import random
from uuid import UUID

import pytest

from loadtest.core.raw_socket import CLOSE, PING, TEXT
from loadtest.scenarios.fuzzing.items import FuzzMessage, encode_items, ordinary
from loadtest.scenarios.fuzzing.mutations import (
    Mutation,
    change_audio,
    change_fields,
    change_frames,
    change_order,
    change_text,
    flood,
)
from protocol.errors import ProtocolError
from protocol.session import decode_client

ALL = (change_fields, change_order, change_audio, change_text, change_frames, flood)
SEEDS = range(200)


def mutated(mutate: Mutation, seed: int) -> list[FuzzMessage]:
    """Return the messages of a mutated conversation."""
    source = random.Random(seed)
    return mutate(source, ordinary(source, UUID(int=1)))


def refused(message: FuzzMessage) -> bool:
    """Return whether the protocol refuses a text message."""
    try:
        decode_client(message.payload)
    except ProtocolError:
        return True
    return False


@pytest.mark.parametrize("mutate", ALL)
def test_mutation_is_repeatable_and_changes_most_conversations(mutate: Mutation) -> None:
    changed = 0
    for seed in SEEDS:
        messages = mutated(mutate, seed)
        assert messages == mutated(mutate, seed)
        assert all(message.encode() for message in messages)
        changed += messages != encode_items(ordinary(random.Random(seed), UUID(int=1)))
    assert changed > len(SEEDS) / 2


@pytest.mark.parametrize("mutate", [change_fields, change_text])
def test_many_changed_texts_are_refused_by_the_protocol(mutate: Mutation) -> None:
    bad = sum(any(message.opcode == TEXT and refused(message) for message in mutated(mutate, n)) for n in SEEDS)
    assert bad > len(SEEDS) / 4


def test_frames_break_rules_of_every_kind() -> None:
    messages = [message for seed in SEEDS for message in mutated(change_frames, seed)]
    assert any(message.raw for message in messages)
    assert any(message.first & 0x70 for message in messages), "reserved bits"
    assert any(message.opcode in (CLOSE, PING) and len(message.payload) > 125 for message in messages)
    assert any(message.opcode == 0 and message.first for message in messages), "the end of a fragment"


def test_flood_repeats_a_message() -> None:
    assert max(len(mutated(flood, seed)) for seed in SEEDS) > 200
