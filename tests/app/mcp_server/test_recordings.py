"""Recordings are searched and read as they are now, and nothing is written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.errors import UsageMistake
from app.core.format import Format
from app.history.history import edit_take
from app.journal.errors import TakeUnknown
from app.journal.library import Library
from app.mcp_server.recordings import RecordingReader
from protocol.errors import ErrorCode
from protocol.session import Failed
from tests.app.history.takes import record, session


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "takes")


@pytest.fixture
async def recordings(library: Library) -> AsyncIterator[RecordingReader]:
    async with RecordingReader(library) as opened:
        yield opened


async def test_search_finds_words_newest_first_and_in_pages(library: Library, recordings: RecordingReader) -> None:
    for number, text in enumerate(("a red house", "a blue house", "a red car"), 1):
        record(library, number, text)
    found = await recordings.search("red", 10)
    assert [one.excerpt for one in found.recordings] == ["a red car", "a red house"]
    assert found.older == ""
    first = await recordings.search("", 2)
    assert [one.id for one in first.recordings] == [str(session(3)), str(session(2))]
    last = await recordings.search("", 2, first.older)
    assert [one.id for one in last.recordings] == [str(session(1))] and last.older == ""


async def test_search_follows_the_journals(library: Library, recordings: RecordingReader) -> None:
    assert (await recordings.search("", 10)).recordings == []
    record(library, 1, "first")
    assert len((await recordings.search("first", 10)).recordings) == await recordings.count() == 1
    library.delete(session(1))
    assert (await recordings.search("first", 10)).recordings == []
    assert [*library.root.parent.iterdir()] == [library.root]


async def test_text_is_what_the_user_edited_in_every_form(library: Library, recordings: RecordingReader) -> None:
    record(library, 1, "one", "two")
    whole = await recordings.text(str(session(1))[:8], Format.TXT)
    assert whole.complete and whole.text == "one two"
    edit_take(library, session(1), "one, two!")
    assert (await recordings.text(str(session(1)), Format.TXT)).text == "one, two!"
    assert "00:00:00,000 --> " in (await recordings.text(str(session(1)), Format.SRT)).text


@pytest.mark.parametrize("missing", [None, Failed(1, ErrorCode.ENGINE_DIED, "broken", False)])
async def test_text_with_a_gap_is_not_complete(
    library: Library, recordings: RecordingReader, missing: Failed | None
) -> None:
    record(library, 1, "one", missing)
    assert not (await recordings.text(str(session(1)), Format.TXT)).complete


async def test_unknown_names_and_values_are_refused(library: Library, recordings: RecordingReader) -> None:
    with pytest.raises(TakeUnknown):
        await recordings.text("f", Format.TXT)
    for older in ("yesterday", str(2**63), "9" * 5000):
        with pytest.raises(UsageMistake, match="older"):
            await recordings.search("", 10, older)
    with pytest.raises(UsageMistake, match="limit"):
        await recordings.search("", 0)
    assert await recordings.search("", 1, str(2**63 - 1)) == await recordings.search("", 1)
