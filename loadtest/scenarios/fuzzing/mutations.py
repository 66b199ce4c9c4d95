"""Mutations of a conversation, each of which changes one part: fields, order, audio, text or frames. Pure."""

import random
import struct
from collections.abc import Callable
from typing import Any, Final

from loadtest.core.raw_socket import BINARY, CLOSE, PING, PONG, TEXT
from loadtest.scenarios.fuzzing.items import Fields, FuzzMessage, Item, encode_items, is_audio
from protocol.audio import HEADER_BYTES
from protocol.session import LIMITS

_U32: Final = 2**32
_FINAL: Final = 0x80
_RESERVED: Final = (0x40, 0x20, 0x10, 0x70)
_UNKNOWN: Final = (3, 4, 5, 6, 7, 11, 15)
_DEEP: Final = 2_000
_FLOOD: Final = 300
_MOST_FRAME: Final = LIMITS.frame_bytes
_MOST_TEXT: Final = LIMITS.json_bytes
_BAD_CLOSES: Final = (b"\x03", *(struct.pack("!H", code) for code in (0, 999, 1005, 1006, 5000)))
_HUGE: Final = tuple(struct.pack("!Q", size) for size in (2**40, 2**63, 2**64 - 1))

NASTY: Final[tuple[Any, ...]] = (
    -1, 0, 1, _U32 - 1, _U32, 2**53, 2**63, -(2**63), 10**30, 0.5, 1e308, True, False, None, "", "0", "x" * 65,
    "x" * 5_000, "\0", "\u202e\ufeff", "\U0001f600" * 30, "../../etc", "' OR 1=1 --", "nan", [],
    [[]], {}, {"a": {}}, list(range(300)), [0, 0], [-1], ["auto"] * 40, "00000000-0000-0000-0000-000000000000",
    "hello", "segment.end",
)  # fmt: skip
"""Values at and beyond the limits of fields, and values of other types."""


def change_fields(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Change, remove or add fields of one text message, or of an object nested in it."""
    at = source.choice([place for place, item in enumerate(items) if isinstance(item, dict)])
    message = items[at]
    assert isinstance(message, dict)
    target: Fields = message
    while (inner := [value for value in target.values() if isinstance(value, dict)]) and source.random() < 0.5:
        target = source.choice(inner)
    for _ in range(source.randint(1, 2)):
        name = source.choice([*target, source.choice(("extra", "type", "segment", "from", ""))])
        if source.random() < 0.2:
            target.pop(name, None)
        else:
            target[name] = source.choice(NASTY)
    return encode_items(items)


def change_order(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Swap, repeat, drop or shuffle messages."""
    first, second = source.randrange(len(items)), source.randrange(len(items))
    match source.randrange(5):
        case 0:
            items[first], items[second] = items[second], items[first]
        case 1:
            items.insert(first, items[second])
        case 2:
            del items[first]
        case 3:
            source.shuffle(items)
        case _:
            items += items[1:]
    return encode_items(items)


def change_audio(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Change segment, offset or length of an audio frame, or add a frame that was not announced."""
    frames = [place for place, item in enumerate(items) if is_audio(item)]
    at = source.choice(frames) if frames else len(items)
    audio = items[at] if frames else bytes(HEADER_BYTES + 320)
    assert isinstance(audio, bytes)
    segment, offset = struct.unpack_from("<II", audio)
    pcm = audio[HEADER_BYTES:]
    odd = source.choice((0, 1, 999_999, _U32 - 1))
    changed = source.choice((
        struct.pack("<II", odd, offset) + pcm,
        struct.pack("<II", segment, odd) + pcm,
        struct.pack("<II", segment, min(_U32 - 1, offset + source.randint(1, 400))) + pcm,
        struct.pack("<II", segment, max(0, offset - source.randint(1, 400))) + pcm,
        audio[: source.randrange(len(audio))],
        audio + b"\0",
        audio + bytes(source.choice((_MOST_FRAME - len(audio), _MOST_FRAME, 3 * _MOST_FRAME))),
        source.randbytes(source.randrange(40)),
    ))  # fmt: skip
    items[at : at + 1] = [changed] * source.choice((1, 1, 2))
    return encode_items(items)


def change_text(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Change the JSON of one message: its bytes, its depth or its length."""
    messages = encode_items(items)
    at = source.choice([place for place, message in enumerate(messages) if message.opcode == TEXT])
    text = messages[at].payload
    cut = source.randrange(len(text))
    deep = source.choice((b"[", b'{"a":')) * source.choice((10, _DEEP))
    changed = source.choice((
        text[:cut],
        text[:cut] + source.randbytes(source.randint(1, 4)) + text[cut:],
        text[:cut] + bytes((text[cut] ^ 1 << source.randrange(8),)) + text[cut + 1 :],
        b"\xef\xbb\xbf" + text,
        text.replace(b":", b": ", 1) * 2,
        text[:-1] + b',"type":"finish"}',
        text[:-1] + b',"padding":"' + b"x" * source.choice((1_000, _MOST_TEXT, 3 * _MOST_TEXT)) + b'"}',
        text[:-1] + b',"deep":' + deep,
        b"NaN",
        b"",
        source.randbytes(source.randrange(64)),
    ))  # fmt: skip
    messages[at] = FuzzMessage(TEXT, changed)
    return messages


def change_frames(source: random.Random, items: list[Item]) -> list[FuzzMessage]:
    """Violate the rules of WebSocket frames: fragments, reserved bits, control frames, lengths, masks."""
    messages = encode_items(items)
    at = source.randrange(len(messages))
    whole = messages[at]
    middle = source.randrange(len(whole.payload) + 1)
    head, tail = whole.payload[:middle], whole.payload[middle:]
    begun, end = FuzzMessage(whole.opcode, head, 0), FuzzMessage(0, tail)
    control = FuzzMessage(PING, source.randbytes(source.choice((0, 125))))
    changed: tuple[list[FuzzMessage], ...] = (
        [begun, end],
        [begun, control, FuzzMessage(0, b"", 0), end],
        [begun, whole],
        [end],
        [FuzzMessage(whole.opcode, b"", 0)] + [FuzzMessage(0, bytes((byte,)), 0) for byte in head[:50]] + [end],
        [whole._replace(first=_FINAL | source.choice(_RESERVED))],
        [whole._replace(opcode=source.choice(_UNKNOWN))],
        [control, FuzzMessage(PONG, b"unasked"), whole],
        [FuzzMessage(PING, bytes(126))],
        [FuzzMessage(PING, b"", 0)],
        [FuzzMessage(CLOSE, source.choice(_BAD_CLOSES)), whole],
        [FuzzMessage(CLOSE, struct.pack("!H", 1000) + b"\xff\xfe")],
        [FuzzMessage(0, bytes((_FINAL | TEXT, len(head[:100]))) + head[:100], raw=True)],
        [FuzzMessage(0, bytes((_FINAL | BINARY, 0xFF)) + source.choice(_HUGE), raw=True)],
        [whole] + [FuzzMessage(whole.opcode, whole.payload[:1]) for _ in range(5)],
    )
    messages[at : at + 1] = source.choice(changed)
    return messages


def flood(source: random.Random, items: list[Item], most: int = _FLOOD) -> list[FuzzMessage]:
    """Repeat one message many times."""
    at = source.randrange(len(items))
    items[at : at + 1] = [items[at]] * source.randint(2, most)
    return encode_items(items)


Mutation = Callable[[random.Random, list[Item]], list[FuzzMessage]]
