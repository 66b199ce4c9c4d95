"""Audio in memory: every byte is kept, in order, until it is in the file."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journal.backlog import DiskState, WriteBacklog, disk_state

SECOND = 16_000 * 2
MINUTE = 60 * SECOND


@pytest.mark.parametrize(
    ("refused", "waiting", "state"),
    [
        (None, 0, DiskState.WRITING),
        (None, 3 * SECOND, DiskState.WRITING),
        (None, 3 * SECOND + 1, DiskState.WAITING),
        (None, MINUTE, DiskState.FULL),
        (errno.ENOSPC, 0, DiskState.WAITING),
        (errno.EIO, MINUTE - 3_200, DiskState.WAITING),
        (errno.ENOSPC, MINUTE - 3_199, DiskState.FULL),
        (errno.EROFS, 0, DiskState.READ_ONLY),
        (errno.ENOTCONN, 0, DiskState.READ_ONLY),
        (errno.ESTALE, 0, DiskState.READ_ONLY),
        (errno.EROFS, MINUTE - 3_200, DiskState.READ_ONLY),
        (errno.EROFS, MINUTE - 3_199, DiskState.FULL),
    ],
)
def test_disk_state_follows_from_refusal_and_waiting_bytes(
    refused: int | None, waiting: int, state: DiskState
) -> None:
    assert disk_state(None if refused is None else OSError(refused, "refused"), waiting) is state


@given(st.integers(0, 100), st.lists(st.one_of(st.binary(max_size=9), st.integers(1, 9)), max_size=40), st.data())
def test_backlog_keeps_all_bytes_in_order(start: int, steps: list[bytes | int], data: st.DataObject) -> None:
    """Steps: ``bytes`` adds a chunk, an integer is the number of bytes that the disk accepts at once."""
    backlog, added, file = WriteBacklog(start), b"", b""
    for step in steps:
        if isinstance(step, bytes):
            backlog.add(step)
            added += step
        elif backlog:
            taken = backlog.first()[:step]
            file += taken
            backlog.remove_written(len(taken))
    assert backlog.start == start + len(file)
    assert bool(backlog) == (len(file) < len(added))
    first = data.draw(st.integers(0, start + len(added) + 3))
    last = data.draw(st.integers(first, start + len(added) + 3))
    whole = bytes(start) + added
    assert backlog.read(first, last) == whole[max(first, backlog.start) : last]
