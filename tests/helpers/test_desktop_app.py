"""Takes of the app are listed while the app deletes those without speech."""

import os
from pathlib import Path
from uuid import UUID

from app.journal.library import TakeSnapshot
from app.journal.take import Take, TakeState
from tests.helpers.desktop_app import takes_with_speech


def snapshot(folder: Path, state: TakeState = TakeState.DONE) -> TakeSnapshot:
    return TakeSnapshot(UUID(int=0), folder, Take(), 16_000, 32_000, state)


def test_takes_are_listed_in_order_without_those_that_are_deleted_meanwhile(tmp_path: Path) -> None:
    first, second, empty = (tmp_path / name for name in ("first", "second", "empty"))
    for at_s, folder in enumerate((first, second, empty)):
        folder.mkdir()
        os.utime(folder, (at_s, at_s))
    found = [snapshot(second), snapshot(tmp_path / "deleted"), snapshot(empty, TakeState.EMPTY), snapshot(first)]
    assert [take.folder for take in takes_with_speech(found)] == [first, second]
