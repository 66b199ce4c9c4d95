"""Steps of a clock, as told to libfaketime."""

from pathlib import Path

import pytest

from loadtest.chaos.clock import SteppedClock, find_library


def test_steps_add_up_and_are_undone(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = SteppedClock(Path("libfaketime.so"), file)
    assert file.read_text() == "+0.0\n"
    with pytest.raises(ValueError, match="no"), clock.step(60.0):
        with clock.step(-90.5):
            assert file.read_text() == "-30.5\n"
        assert file.read_text() == "+60.0\n"
        raise ValueError("no")
    assert file.read_text() == "+0.0\n"
    assert clock.environment["LD_PRELOAD"] == "libfaketime.so"
    assert clock.environment["FAKETIME_TIMESTAMP_FILE"] == str(file)
    assert clock.environment["FAKETIME_DONT_FAKE_MONOTONIC"] == "1"


def test_library_is_found_where_debian_puts_it(tmp_path: Path) -> None:
    assert find_library((str(tmp_path),)) is None
    library = tmp_path / "x86_64-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    assert find_library((str(tmp_path),)) == library
