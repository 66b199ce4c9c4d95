"""Valid events of Wyoming, as its package reads them, and judged answers."""

import asyncio
import random

import pytest
from wyoming.asr import Transcript
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event

from loadtest.scenarios.fuzzing.answers import Judged, MalformedAnswer
from loadtest.scenarios.fuzzing.dialects import as_lines, judge_wyoming, wyoming
from loadtest.scenarios.fuzzing.items import encode_items


async def events_in(data: bytes) -> list[Event]:
    """Return the events that the package finds."""
    reader = asyncio.StreamReader(limit=1 << 20)
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while event := await async_read_event(reader):
        found.append(event)
    return found


@pytest.mark.parametrize("seed", range(5))
async def test_ordinary_events_are_valid(seed: int) -> None:
    items = wyoming(random.Random(seed))
    data = b"".join(message.encode() for message in as_lines(encode_items(items)))
    kinds = [event.type for event in await events_in(data)]
    assert kinds == [item["type"] for item in items if isinstance(item, dict)]


class Written:
    """Writer that keeps what is written."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writelines(self, lines: list[bytes]) -> None:
        self.data += b"".join(lines)

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        """Do nothing, as everything is written at once."""


async def written(*events: Event) -> bytes:
    writer = Written()
    for event in events:
        await async_write_event(event, writer)  # type: ignore[arg-type] # what it needs of a writer
    return bytes(writer.data)


async def test_answers_are_judged_event_by_event() -> None:
    text = Transcript("\u4f60\u597d").event()
    assert judge_wyoming(await written(text, Error("no", "UnusableEvent").event(), text)) == Judged(
        "UnusableEvent"
    )
    assert judge_wyoming((await written(text, text))[:-30]) == Judged(), "cut off"
    assert judge_wyoming(await written(text, Error("oh", "internal").event())).fault


@pytest.mark.parametrize(
    "received",
    [
        b"garbage\n",
        b'{"type": "error"}\n',
        b'{"type": "error", "data": {"code": 1}}\n',
        b'{"type": "error", "data": ["text"]}\n',
        b'{"type": "transcript", "data_length": "two"}\n',
        b'{"type": "transcript", "data_length": -1}\n{}',
        b'{"type": "transcript", "payload_length": [2]}\n',
        b'{"type": "transcript", "payload_length": 1e400}\n',
        b'{"type": "transcript", "data_length": true}\n{',
    ],
)
def test_event_without_its_fields_is_malformed(received: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        judge_wyoming(received)
