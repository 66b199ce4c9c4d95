import os
from collections.abc import Iterator

import pytest

from app.insertion.helper.kept_contents import memory_file
from app.insertion.x11.clipboard import kept_contents
from app.insertion.x11.selection_reader import Contents, Value

TEXT = Contents({7: Value(7, 8, b"text"), 8: Value(4, 32, [1, 2**31])})
PICTURE = Contents({9: Value(9, 8, bytes(range(256)) * 2**14)})


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


def test_kept_contents_are_empty_when_writing_was_cut_off(place: int) -> None:
    kept_contents(place).write({1: TEXT})
    os.pwrite(place, bytes(8), 0)
    assert kept_contents(place).read() == {}


def test_kept_contents_without_file_are_empty() -> None:
    kept = kept_contents(None)
    kept.write({1: TEXT})
    assert kept.read() == {}
