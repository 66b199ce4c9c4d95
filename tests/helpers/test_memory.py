"""Test that the memory watch finds growth."""

import subprocess
import sys
from collections.abc import Iterator
from unittest.mock import create_autospec

import psutil
import pytest

from tests.helpers.memory import MIB, MemoryWatch, role_of
from tests.helpers.waiting import wait_until_sync

GROWS = (
    "import sys\nkept = []\nfor line in sys.stdin:\n"
    "    kept.append(b'x' * int(line))\n    print(flush=True)\nsys.exit(0)\n"
)


@pytest.fixture
def grower() -> Iterator["subprocess.Popen[str]"]:
    """Run a program that keeps a given number of bytes more for each input line."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", GROWS], stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(("each", "least", "most"), [(MIB, 0.9, 1.1), (0, -0.05, 0.05)])
def test_memory_slope_equals_growth_of_program(
    grower: "subprocess.Popen[str]", each: int, least: float, most: float
) -> None:
    watch = MemoryWatch(psutil.Process(grower.pid))
    assert grower.stdin is not None and grower.stdout is not None
    for done in range(20):
        grower.stdin.write(f"{each}\n")
        grower.stdin.flush()
        assert grower.stdout.readline()
        watch.sample(done)
    (role,) = watch.lasting()
    assert least <= watch.slope(role) / MIB <= most


def test_memory_roles_are_modules_scripts_and_programs() -> None:
    with subprocess.Popen(["sleep", "60"]) as program:
        wait_until_sync(
            lambda: role_of(psutil.Process(program.pid)) == "sleep", "the program is known by its name"
        )
        program.kill()
    command = [sys.executable, "-m", "code"]  # waits for an input line
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as module:
        wait_until_sync(lambda: role_of(psutil.Process(module.pid)) == "code", "the module is known by its name")
        module.kill()


@pytest.mark.parametrize(
    ("words", "role"),
    [
        (("kikipounamu", "app", "--hidden"), "kikipounamu app"),
        (("kikipounamu", "microphones", "--json"), "kikipounamu microphones"),
        (("kikipounamu-gateway", "serve"), "kikipounamu-gateway"),
    ],
)
def test_commands_of_one_program_have_roles_of_their_own(words: tuple[str, ...], role: str) -> None:
    """The app briefly runs another program of the same name, with 14 MiB, to list microphones."""
    process = create_autospec(psutil.Process, instance=True)
    process.cmdline.return_value = ["/venv/bin/python", f"/venv/bin/{words[0]}", *words[1:]]
    assert role_of(process) == role
