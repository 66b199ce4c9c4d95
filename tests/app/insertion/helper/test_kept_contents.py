import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from app.insertion.helper.kept_contents import memory_file
from app.insertion.x11.clipboard import kept_contents
from app.insertion.x11.selection_reader import Contents, Value

TEXT = Contents({7: Value(7, 8, b"text"), 8: Value(4, 32, [1, 2**31])})
PICTURE = Contents({9: Value(9, 8, bytes(range(256)) * 2**14)})

KILLED_WRITER = """
import resource, signal, sys
from app.insertion.x11.clipboard import kept_contents
from app.insertion.x11.selection_reader import Contents, Value
kept = kept_contents(int(sys.argv[1]))
picture = Contents({9: Value(9, 8, bytes(2**21))})
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the kernel kills a process that writes beyond the limit
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
kept.write({**kept.read(), 2: picture})
"""


@pytest.fixture
def place() -> Iterator[int]:
    found = memory_file()
    assert found is not None
    yield found
    os.close(found)


def test_kept_contents_are_read_by_another_process(place: int) -> None:
    assert kept_contents(place).read() == {}
    kept = kept_contents(place)
    kept.write({1: TEXT, 2: PICTURE})
    assert kept_contents(place).read() == {1: TEXT, 2: PICTURE}
    kept.write({1: TEXT})
    assert kept_contents(place).read() == {1: TEXT}
    kept.write({})
    assert kept_contents(place).read() == {}
    assert os.fstat(place).st_size < 100, "nothing of it is left"


def test_unchanged_contents_are_not_written_again(place: int) -> None:
    kept = kept_contents(place)
    kept.write({1: TEXT})
    os.ftruncate(place, 0)
    kept.write({1: TEXT})
    assert os.fstat(place).st_size == 0
    for changed in ({2: TEXT}, {2: PICTURE}, {1: TEXT, 2: PICTURE}, {1: PICTURE, 2: PICTURE}):
        kept.write(changed)
        assert kept_contents(place).read() == changed


@pytest.mark.parametrize("bytes_written", [0, 9, 100, 2**20])
def test_contents_before_are_kept_when_the_writer_is_killed(place: int, bytes_written: int) -> None:
    kept_contents(place).write({1: TEXT})
    limit = os.fstat(place).st_size + bytes_written
    command = [sys.executable, "-P", "-c", KILLED_WRITER, str(place), str(limit)]
    assert subprocess.run(command, pass_fds=(place,), check=False).returncode == -signal.SIGXFSZ
    assert kept_contents(place).read() == {1: TEXT}


@pytest.mark.parametrize("size", [1, 1000])
def test_kept_contents_take_less_memory_than_two_copies(place: int, size: int) -> None:
    kept, largest = kept_contents(place), 0
    for number in range(50):
        contents = {1: Contents({7: Value(7, 8, bytes([number]) * size * (number % 7))})}
        kept.write(contents)
        assert kept_contents(place).read() == contents
        largest = max(largest, os.fstat(place).st_size)
    assert largest < 2 * (6 * size + 40)


def test_contents_replaced_by_smaller_ones_leave_nothing(place: int) -> None:
    kept = kept_contents(place)
    kept.write({1: PICTURE})
    kept.write({1: TEXT})
    assert os.fstat(place).st_size < 100
    assert kept_contents(place).read() == {1: TEXT}


def test_kept_contents_without_file_are_empty() -> None:
    kept = kept_contents(None)
    kept.write({1: TEXT})
    assert kept.read() == {}
