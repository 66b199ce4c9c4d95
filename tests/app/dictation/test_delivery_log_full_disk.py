"""Outcomes of texts on a disk that is full, a real one, or gone."""

import os
from errno import ENOTCONN
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.dictation.delivery_log import DeliveryLog
from app.dictation.insertion_queue import SegmentId
from app.journal.errors import DiskRefuses
from app.journal.journal import Journal
from app.journal.library import Library
from app.journal.take import TakeState
from protocol.recognition import Options
from protocol.session import Final, Queued, SegmentDetails
from tests.app.journal.files import FragileDisk
from tests.helpers.takes import recognised_take
from tests.helpers.tmpfs import fill, small_disk

ONE = UUID(int=1)


def fill_up(disk: Path, journal: Journal) -> None:
    """Fill the disk, and the journal until it accepts no other event."""
    fill(disk)
    with pytest.raises(DiskRefuses, match="No space left"):
        for _ in range(1_000):
            journal.record_queued(Queued(0))


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
async def test_text_inserted_on_a_full_disk_is_not_offered_after_a_crash(tmp_path: Path, closed: bool) -> None:
    with small_disk(tmp_path / "disk") as disk:
        log, library = DeliveryLog(Library(disk)), Library(disk)
        with recognised_take(disk, ONE, 0.0, "one", "two") as journal:
            await log.add(1, journal)
            journal.finish()
            fill_up(disk, journal)
            if closed:
                await log.close(1)
            await log.inserting((SegmentId(1, 0),), "some-editor")
            await log.record_inserted((SegmentId(1, 0),))
            await log.record_dismissed((SegmentId(1, 1),))
            assert library.find(ONE).take.held == {}
            await log.cancel(1)
            assert library.find(ONE).take.cancelled
            assert library.find(ONE).state is (TakeState.CANCELLED if closed else TakeState.LIVE)
            await log.close_all()


async def test_user_can_paste_a_text_whose_disk_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_gone(folder: Path) -> bool:
        raise OSError(ENOTCONN, os.strerror(ENOTCONN), str(folder))

    disk, log = FragileDisk(), DeliveryLog(Library(tmp_path))
    journal = Journal.create(tmp_path, ONE, Options(), 0, disk=disk)
    await log.add(1, journal)
    journal.append(np.zeros(1, np.int16))
    journal.begin(0, 0)
    journal.end(0, 1)
    journal.settle(0, Final(0, "one"))
    disk.read_only(True)
    monkeypatch.setattr(Path, "is_dir", is_gone)
    pieces = (SegmentId(1, 0),)
    assert not await log.inserting(pieces), "the text may be offered again once the disk is back"
    assert await log.edited_text(pieces, ("one",)) is None
    await log.close(1)


def test_choice_of_a_span_is_recorded_on_a_full_disk(tmp_path: Path) -> None:
    """The text of the span is inserted next. Without the choice, a crash might offer the segments under it."""
    with small_disk(tmp_path / "disk") as disk, recognised_take(disk, ONE, 0.0, "one", "two") as journal:
        journal.begin(2, 0, SegmentDetails(replaces=(0, 1)))
        journal.end(2, 2)
        journal.settle(2, Final(2, "one two"))
        fill_up(disk, journal)
        for _ in range(10):  # more than could fit by chance
            journal.choose(2, accepted=True)
        assert Library(disk).find(ONE).take.segments[2].chosen
