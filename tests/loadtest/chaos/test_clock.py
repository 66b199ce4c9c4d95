"""Steps of a clock, as told to libfaketime."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtest.chaos.clock import SteppedClock, find_library, lets_sleep
from tests.helpers.packages import require_version


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


def test_killed_program_follows_its_clock_and_leaves_no_shared_memory(tmp_path: Path) -> None:
    require_version("libfaketime", "0.9.10+2024")  # the first that can do without shared memory
    library = find_library()
    assert library
    clock = SteppedClock(library, tmp_path / "clock")
    command = [sys.executable, "-c", "import time\nwhile True: input(); print(time.time(), flush=True)"]
    environment = {**os.environ, **clock.environment}
    with (
        clock.step(3600.0),
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        ) as program,
    ):
        assert program.stdin and program.stdout
        print(file=program.stdin, flush=True)
        assert float(program.stdout.readline()) > time.time() + 1800
        program.kill()
    assert not [file for file in Path("/dev/shm").iterdir() if file.name.endswith(f"_{program.pid}")]


@pytest.mark.parametrize(("status", "sleeps"), [(0, True), (1, False)])
def test_library_that_breaks_sleep_is_noticed(
    status: int, sleeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(
        f'#!/bin/sh\n[ "$LD_PRELOAD" = {tmp_path}/library ] && [ "$FAKETIME" = +0 ] && exit {status}\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert lets_sleep(tmp_path / "library") is sleeps


def test_library_is_found_where_debian_puts_it(tmp_path: Path) -> None:
    assert find_library((str(tmp_path),)) is None
    library = tmp_path / "x86_64-linux-gnu" / "faketime" / "libfaketimeMT.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    assert find_library((str(tmp_path),), lambda path: path == library) == library
    assert find_library((str(tmp_path),), lambda path: False) is None
