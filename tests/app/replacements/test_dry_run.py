import asyncio
import threading
from pathlib import Path
from uuid import UUID

import pytest

from app.journal.events import Replaced, encode_line
from app.journal.library import Library
from app.replacements.dry_run import DryRun
from app.replacements.rules import Replacement, ReplacementsTried, TryReplacements
from tests.app.history.takes import record
from tests.helpers.waiting import wait_until

MEAN = (Replacement("mean", "Shaun"),)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


async def test_dry_run_reads_recognised_texts_and_changes_nothing(library: Library) -> None:
    record(library, 1, "I mean it", "mean")
    session = record(library, 2, "as said")
    place = library.root / str(session) / "events.jsonl"
    place.write_bytes(place.read_bytes() + encode_line(Replaced(0, "mean")))
    (library.root / "no take").mkdir()
    before = place.read_bytes()
    received: list[ReplacementsTried] = []
    async with DryRun(library, received.append) as dry_run:
        dry_run.ask(TryReplacements(MEAN, 3))
        await wait_until(lambda: received and received[-1].done == received[-1].total, "all is tried")
    last = received[-1]
    assert (last.serial, last.total, last.takes, last.rules[0].takes) == (3, 2, 1, 1)
    assert place.read_bytes() == before


class SlowLibrary(Library):
    """Library whose first listing waits."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked, self.go_on = threading.Event(), threading.Event()

    def newest_sessions(self) -> list[UUID]:
        first = not self.asked.is_set()
        self.asked.set()
        if first:
            assert self.go_on.wait(30)
        return super().newest_sessions()


async def test_newer_request_cancels_previous_one(tmp_path: Path) -> None:
    library = SlowLibrary(tmp_path)
    record(library, 1, "mean um")
    received: list[ReplacementsTried] = []
    async with DryRun(library, received.append) as dry_run:
        dry_run.ask(TryReplacements(MEAN, 1))
        await asyncio.to_thread(library.asked.wait, 30)
        dry_run.ask(TryReplacements((Replacement("um"),), 2))
        library.go_on.set()
        await wait_until(lambda: received, "the newer one is answered")
        assert [(one.serial, one.takes) for one in received] == [(2, 1)]
        dry_run.ask(TryReplacements((), 3))
        assert received[-1] == ReplacementsTried(3, 0, 0)


async def test_dry_run_answers_when_there_are_no_takes(tmp_path: Path) -> None:
    received: list[ReplacementsTried] = []
    (tmp_path / "file").write_text("")
    for library in (Library(tmp_path / "none"), Library(tmp_path / "file")):
        async with DryRun(library, received.append) as dry_run:
            dry_run.ask(TryReplacements(MEAN, 1))
            await wait_until(lambda: received, "it is answered")
        assert (received.pop().takes, received) == (0, [])
