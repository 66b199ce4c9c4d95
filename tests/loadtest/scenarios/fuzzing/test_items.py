"""Valid conversations: every message is one that the protocol has."""

import random
from uuid import UUID

import pytest

from loadtest.core.raw_socket import TEXT
from loadtest.scenarios.fuzzing.items import FuzzMessage, encode_items, fields, is_audio, ordinary
from protocol.audio import decode_frame
from protocol.session import Hello, SegmentBegin, decode_client

SESSION = UUID(int=7)


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_conversation_is_valid_and_repeatable(seed: int) -> None:
    items = ordinary(random.Random(seed), SESSION)
    assert items == ordinary(random.Random(seed), SESSION)
    messages = encode_items(items)
    first = decode_client(messages[0].payload)
    assert isinstance(first, Hello) and first.session == SESSION
    for message in messages[1:]:
        if message.opcode == TEXT:
            decode_client(message.payload)
        else:
            decode_frame(message.payload)


def test_fields_contain_the_type() -> None:
    assert fields(SegmentBegin(3))["type"] == "segment.begin"


def test_only_frames_with_samples_are_audio() -> None:
    assert is_audio(bytes(10)) and not is_audio(bytes(8)) and not is_audio({})


def test_raw_message_has_no_header() -> None:
    assert FuzzMessage(TEXT, b"x", raw=True).encode() == b"x"
    assert FuzzMessage(TEXT, b"x").encode() == b"\x81\x81\0\0\0\0x"
