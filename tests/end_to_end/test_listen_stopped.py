"""Stop a program of the stack (SIGSTOP) while a microphone speaks: each text is printed once, in order."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.app.speech import recording
from tests.end_to_end.test_listen import Listening, desk, digests, environment, listening, only_take
from tests.helpers.virtual_microphone import VirtualMicrophone
from tests.helpers.waiting import wait_until_sync

__all__ = ["desk", "environment"]
pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(900)]

PROGRAMS = {"gateway": "kikipounamu-gateway", "worker": "kikipounamu-worker", "broker": "valkey-server"}
LONGER = [pytest.param(name, 35.0, marks=pytest.mark.proof(minutes=2)) for name in PROGRAMS]
CATCH_UP_S = 240.0


def process_of(program: Listening, name: str) -> psutil.Process:
    """Return the child process that runs this program."""

    def found() -> psutil.Process | None:
        children = psutil.Process(program.process.pid).children(recursive=True)
        lines = {one: " ".join(one.cmdline()) for one in children if one.is_running()}
        return next((one for one, line in lines.items() if PROGRAMS[name] in line), None)

    process: psutil.Process = wait_until_sync(found, f"{name} runs")
    return process


@contextmanager
def talking_on(desk: VirtualMicrophone, path: Path) -> Iterator[None]:
    """Speak continuously during the context."""
    over = threading.Event()

    def talk() -> None:
        while not over.is_set():
            command = ["paplay", f"--device={desk.name}_sink", str(path)]
            with subprocess.Popen(command, env=desk.environment) as player:
                while player.poll() is None and not over.wait(0.1):
                    pass
                player.kill()

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield
    finally:
        over.set()
        talker.join()


@pytest.mark.parametrize(("name", "seconds"), [("gateway", 3.0), *LONGER])
def test_each_text_is_printed_once_when_a_program_was_stopped(
    desk: VirtualMicrophone, environment: dict[str, str], tmp_path: Path, name: str, seconds: float
) -> None:
    speech = recording("en-03", "en-05", "en-08", to=tmp_path / "speech.wav")
    with listening(environment, "--engine", "checksum", "--no-partials") as program:
        with talking_on(desk, speech):
            wait_until_sync(lambda: program.out, "a text is there", CATCH_UP_S)
            process = process_of(program, name)
            process.suspend()
            begun = time.monotonic()
            wait_until_sync(lambda: time.monotonic() - begun > seconds, "it stands still", 2 * seconds + 10)
            replaced = not process.is_running()
            if not replaced:
                process.resume()
            known = program.out
            wait_until_sync(lambda: len(program.out) > len(known), "texts come again", CATCH_UP_S)
        status = program.end(signal.SIGINT)
    take = only_take(tmp_path)
    texts = program.out.split()
    sys.stdout.write(
        f"{name} for {seconds:g} s: {len(texts)} texts of {take.seconds:.0f} s, replaced: {replaced}\n"
    )
    assert status == 0, program.err
    assert texts == digests(take)
