"""Test ``kikipounamu listen`` as users run it: a real microphone, a real stack, Ctrl-C."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app.cli.commands import samples
from app.cli.scoring import score
from app.core.sentences import Sentences
from app.core.states import State
from app.journal.disk import AUDIO
from app.journal.library import Library, TakeSnapshot
from app.journal.take import TakeState
from loadtest.core.checksum import checksum
from tests.app.speech import SPEECH
from tests.helpers.chain import BIN
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(300)]

START_S = 120.0
WORST = 0.35
"""Maximum word error rate; it depends on the moment at which the microphone started."""


@pytest.fixture(scope="module")
def desk() -> Iterator[VirtualMicrophone]:
    with virtual_microphones("desk") as (microphone,):
        yield microphone


@pytest.fixture
def environment(desk: VirtualMicrophone, models: Path, tmp_path: Path) -> dict[str, str]:
    return desk.environment | {"KIKIPOUNAMU_HOME": str(tmp_path), "KIKIPOUNAMU_MODELS": str(models)}


class Listening:
    """A separate process of ``kikipounamu listen``."""

    def __init__(self, environment: dict[str, str], *options: str) -> None:
        self.out = ""
        self.err = ""
        command = [str(BIN / "kikipounamu"), "listen", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)  # type: ignore[call-overload] # mypy#10505
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in ("out", "err")]
        for reader in self._readers:
            reader.start()

    def wait_for(self, what: str) -> None:
        """Wait until standard error contains this text."""

        def said() -> bool:
            assert self.process.poll() is None, self.err
            return what in self.err

        wait_until_sync(said, f"{what}; it said {self.err}", START_S)

    def end(self, how: signal.Signals) -> int:
        """End the process, and return its exit status after all output was read."""
        self.process.send_signal(how)
        status: int = self.process.wait(START_S)
        for reader in self._readers:
            reader.join(10)
        return status

    def _read(self, name: str) -> None:
        stream = self.process.stdout if name == "out" else self.process.stderr
        assert stream is not None
        for line in stream:
            setattr(self, name, getattr(self, name) + line)
        stream.close()


@contextmanager
def listening(environment: dict[str, str], *options: str) -> Iterator[Listening]:
    program = Listening(environment, *options)
    try:
        program.wait_for("Listening")
        yield program
    finally:
        program.process.kill()
        program.process.wait()


def only_take(home: Path) -> TakeSnapshot:
    (found,) = Library(home / "data" / "takes").all()
    return found


def digests(found: TakeSnapshot) -> list[str]:
    """Return the checksum engine's text for each segment of the take."""
    audio = np.fromfile(found.folder / AUDIO, "<i2")
    spoken = [found.take.segments[number] for number in sorted(found.take.segments)]
    return [checksum(audio[each.at : each.at + (each.samples or 0)].tobytes()) for each in spoken]


def test_spoken_text_is_printed(desk: VirtualMicrophone, environment: dict[str, str], tmp_path: Path) -> None:
    with listening(environment, "--language", "en") as program:
        with samples() as shipped:
            (english,) = (one for one in shipped if one.language == "en")
            desk.play(english.path)
        assert program.end(signal.SIGINT) == 0, program.err
    assert score(english.text, program.out, "en").rate <= WORST, program.out + program.err
    for state in (State.ARMING, State.LISTENING, State.WAITING, State.DONE):
        assert Sentences()(state.key) in program.err
    found = only_take(tmp_path)
    assert found.state is TakeState.DONE
    assert program.out.splitlines() == [segment.text for segment in found.transcript.segments if segment.text]


def test_all_speech_is_sent_before_exit(
    desk: VirtualMicrophone, environment: dict[str, str], tmp_path: Path
) -> None:
    with listening(environment, "--engine", "checksum", "--mode", "toggle") as program:
        desk.play(SPEECH / "en-03.flac")
        assert program.end(signal.SIGTERM) == 0, program.err
    found = only_take(tmp_path)
    assert found.state is TakeState.DONE
    assert program.out.split() == digests(found) != []


def test_take_of_killed_program_can_be_completed(
    desk: VirtualMicrophone, environment: dict[str, str], tmp_path: Path
) -> None:
    with listening(environment, "--engine", "checksum") as program:
        playing = threading.Thread(target=desk.play, args=(SPEECH / "en-03.flac",))
        playing.start()
        wait_until_sync(lambda: only_take(tmp_path).take.segments, "a segment has begun")
        program.end(signal.SIGKILL)
        playing.join()
    before = only_take(tmp_path)
    assert before.state is TakeState.INTERRUPTED
    command = [str(BIN / "kikipounamu"), "takes", "resend", str(before.session), "--engine", "checksum"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = only_take(tmp_path)
    assert found.state is TakeState.DONE
    assert found.take.segments[0].at == before.take.segments[0].at
    assert done.stdout.split() == digests(found) != []
