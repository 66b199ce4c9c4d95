import asyncio
import os

import pytest

from app.insertion.clipboard import text_contents
from app.insertion.wayland.contents import (
    ContentsSource,
    TooMuch,
    is_text,
    read_all,
    read_contents,
    write_all,
)
from app.wayland.connection import WaylandConnection, WaylandObject
from app.wayland.interfaces import DATA_CONTROL_MANAGERS, SEAT
from tests.helpers.wayland_desktop import WaylandDesktop


class Reader:
    """A program with the clipboard's present offer."""

    def __init__(self, wayland: WaylandConnection) -> None:
        self._formats: dict[WaylandObject, list[str]] = {}
        self.offer: WaylandObject | None = None
        kind = next(kind for kind in DATA_CONTROL_MANAGERS if kind.name in wayland.globals)
        self.manager = wayland.bind(kind)
        self.device = self.manager.request("get_data_device", wayland.bind(SEAT))
        self.device.on("data_offer", self._offered)
        self.device.on("selection", lambda offer: setattr(self, "offer", offer))

    def _offered(self, offer: WaylandObject) -> None:
        offer.on("offer", self._formats.setdefault(offer, []).append)

    @property
    def formats(self) -> list[str]:
        """The formats of the clipboard's contents."""
        return self._formats[self.offer] if self.offer else []


def test_text_has_formats_for_all_programs_and_a_hint_for_histories() -> None:
    for text in ("text", "naïve 你好"):
        contents = text_contents(text)
        texts = {name: data for name, data in contents.items() if is_text(name)}
        assert set(texts.values()) == {text.encode()}
        assert contents["x-kde-passwordManagerHint"] == b"secret"
    assert "STRING" in text_contents("text") and "STRING" not in text_contents("naïve")


async def test_all_formats_are_read(sway: WaylandDesktop) -> None:
    contents = {"image/png": bytes(range(256)) * 2000, "text/html": b"<p>", "text/plain": b"", "TARGETS": b"x"}
    sway.copy_all(contents)
    async with await WaylandConnection.open(sway.environment) as wayland:
        reader = Reader(wayland)
        await wayland.roundtrip()
        assert reader.offer is not None
        found = await read_contents(reader.offer, reader.formats)
        assert found is not None and list(found.items()) == list(contents.items())[:3]
        assert await read_contents(reader.offer, reader.formats, most_bytes=1000) is None
        assert await read_contents(reader.offer, [f"text/{number}" for number in range(100)]) is None


async def test_contents_are_not_read_when_their_owner_is_silent(sway: WaylandDesktop) -> None:
    async with await WaylandConnection.open(sway.environment) as wayland:
        reader = Reader(wayland)
        source = reader.manager.request("create_data_source")
        source.request("offer", "text/plain")
        pipes: list[int] = []
        source.on("send", lambda name, pipe: pipes.append(pipe))
        reader.device.request("set_selection", source)
        await wayland.roundtrip()
        assert reader.offer is not None
        assert await read_contents(reader.offer, ["text/plain"], deadline_s=0.1) is None
        assert pipes


async def test_source_serves_all_formats_until_another_program_copies(sway: WaylandDesktop) -> None:
    async with await WaylandConnection.open(sway.environment) as wayland:
        reader = Reader(wayland)
        lost: list[str] = []
        contents = {"text/plain": b"text", "image/png": bytes(300_000)}
        source = ContentsSource(reader.manager, contents)
        source.lost = lambda: lost.append("lost")
        reader.device.request("set_selection", source.object)
        await wayland.roundtrip()
        assert reader.offer is not None
        assert await read_contents(reader.offer, reader.formats) == contents
        assert not lost
        sway.copy(b"theirs")
        await wayland.roundtrip()
        assert lost == ["lost"]
        await source.close()


async def test_large_data_passes_through_a_pipe() -> None:
    reading, writing = os.pipe()
    data = bytes(range(256)) * 4096
    got, taken = await asyncio.gather(read_all(reading, len(data)), write_all(writing, data))
    assert got == data and taken


async def test_read_ends_at_the_limit() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"12345")
    with pytest.raises(TooMuch):
        await read_all(reading, 4)
    assert not await write_all(writing, b"6"), "the reader has closed it"
