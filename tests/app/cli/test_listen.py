"""Tests of the command: the effect of Ctrl-C at each moment, and messages about recordings without texts."""

import asyncio
import errno
import io
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from app.capture.errors import MicrophoneNotFound, NoMicrophone
from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind
from app.cli.commands import GatewayChoice
from app.cli.listen import Interrupts, ListenOptions, incomplete_takes_text, listen
from app.core.errors import ProgramEnds
from app.core.process import FAILED, INTERRUPTED
from app.journal.library import TakeSnapshot, users_library
from app.journal.take import Take, TakeState
from app.transcription.listening import RecordingMicrophone
from protocol.recognition import Options
from tests.app.speech import SPEECH
from tests.app.transcription.test_listening import Played
from tests.helpers.recordings import samples_of
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import DEADLINE_S, wait_until

NOBODY = GatewayChoice("http://127.0.0.1:9", "k")
OnChange = Callable[[MicrophoneChange], None]


@pytest.fixture(autouse=True)
def own_home(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@pytest.fixture
def microphone() -> Played:
    return Played(samples_of(SPEECH / "en-01.flac"))


def choices(microphone: Played) -> ListenOptions:
    @asynccontextmanager
    async def opened(choice: str, *, on_change: OnChange) -> AsyncIterator[RecordingMicrophone]:
        assert choice == "desk"
        on_change(MicrophoneChange(MicrophoneChangeKind.FELL_BACK, "another", 0))
        yield microphone

    options = Options(language="en", partials=True)
    return ListenOptions(microphone="desk", options=options, open_microphone=opened, find_microphone=present)


async def present(choice: str) -> None:
    """Find a microphone of any name."""


def interrupt(how: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), how)


async def until_heard(microphone: Played) -> None:
    await wait_until(lambda: microphone.heard > 60_000, "all is heard")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_first_signal_ends_recording_and_waits_for_texts(
    how: signal.Signals, microphone: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scripted(oblige) as gateway:
        working = asyncio.create_task(listen(GatewayChoice(gateway.url, "k"), choices(microphone)))
        await until_heard(microphone)
        interrupt(how)
        assert await working == 0
        hello = gateway.memory.hellos[0]
        texts = [gateway.memory.texts[number] for number in sorted(gateway.memory.texts)]
    assert (hello.options.language, hello.options.partials) == ("en", True)
    (found,) = users_library().all()
    assert found.state is TakeState.DONE
    assert hello.session == found.session
    out, err = capsys.readouterr()
    assert out.split() == texts != []
    assert "the microphone is now another" in err
    assert "sending the rest" in err
    assert err.splitlines()[-1] == "Done"


async def test_recording_ends_by_itself_before_its_session_has_too_many_segments(
    microphone: Played, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.live_screen.MOST_SEGMENTS", 0)  # the limit is the first segment
    async with scripted(oblige) as gateway, asyncio.timeout(DEADLINE_S):
        assert await listen(GatewayChoice(gateway.url, "k"), choices(microphone)) == 0
    (found,) = users_library().all()
    assert found.state is TakeState.DONE and found.text
    assert "has reached its maximum length" in capsys.readouterr().err


async def test_recording_is_complete_and_failure_reported_when_output_is_full(
    microphone: Played, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    async with scripted(oblige) as gateway:
        working = asyncio.create_task(listen(GatewayChoice(gateway.url, "k"), choices(microphone)))
        await until_heard(microphone)
        interrupt()
        assert await working == FAILED
    (found,) = users_library().all()
    assert found.state is TakeState.DONE and found.text
    assert f"`kikipounamu takes show {found.session}` has the texts" in capsys.readouterr().err


async def test_second_signal_leaves_at_once_and_reports_kept_recording(
    microphone: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    working = asyncio.create_task(listen(NOBODY, choices(microphone)))
    await until_heard(microphone)
    interrupt()
    await wait_until(lambda: users_library().all()[0].take.finished, "all of it was cut")
    interrupt()
    assert await working == INTERRUPTED
    (found,) = users_library().all()
    assert found.state is TakeState.WAITING
    assert f"`kikipounamu takes resend {found.session}`" in capsys.readouterr().err.splitlines()[-1]


async def test_listen_fails_without_microphone_and_creates_no_take(capsys: pytest.CaptureFixture[str]) -> None:
    def none(choice: str, *, on_change: OnChange) -> AbstractAsyncContextManager[RecordingMicrophone]:
        raise NoMicrophone

    assert await listen(NOBODY, ListenOptions(open_microphone=none, find_microphone=present)) == FAILED
    assert "no microphone found" in capsys.readouterr().err
    assert users_library().all() == []


async def test_listen_looks_for_the_microphone_before_it_starts_a_gateway(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def absent(choice: str) -> None:
        raise MicrophoneNotFound(choice, ["desk"])

    assert await listen(GatewayChoice(), ListenOptions(microphone="nope", find_microphone=absent)) == FAILED
    said = capsys.readouterr().err
    assert "nope" in said and "starting" not in said


async def test_error_of_several_lines_is_printed_as_lines(capsys: pytest.CaptureFixture[str]) -> None:
    def ends(choice: str, *, on_change: OnChange) -> AbstractAsyncContextManager[RecordingMicrophone]:
        raise ProgramEnds("kikipounamu-gateway", 1, ":\n    the disk is full")

    assert await listen(NOBODY, ListenOptions(open_microphone=ends, find_microphone=present)) == FAILED
    assert "    the disk is full" in capsys.readouterr().err.splitlines()


async def test_ctrl_c_while_microphone_opens_keeps_no_recording(capsys: pytest.CaptureFixture[str]) -> None:
    opening = asyncio.Event()

    @asynccontextmanager
    async def never(choice: str, *, on_change: OnChange) -> AsyncIterator[RecordingMicrophone]:
        opening.set()
        await asyncio.Event().wait()
        yield Played(np.empty(0, np.int16))

    working = asyncio.create_task(listen(NOBODY, ListenOptions(open_microphone=never, find_microphone=present)))
    await opening.wait()
    interrupt()
    assert await working == INTERRUPTED
    assert "kept" not in capsys.readouterr().err


async def test_error_is_reported_with_kept_recording(
    microphone: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        assert await listen(GatewayChoice(gateway.url, "wrong"), choices(microphone)) == FAILED
    *_, error, kept = capsys.readouterr().err.splitlines()
    assert "--key" in error
    assert "the recording is kept" in kept


def found(state: TakeState, session: UUID) -> TakeSnapshot:
    return TakeSnapshot(session, Path(), Take(), 0, 0, state)


def test_earlier_recordings_that_lack_texts_are_listed() -> None:
    sessions = [uuid4() for _ in range(5)]
    states = [TakeState.INTERRUPTED, TakeState.DONE, TakeState.WAITING, TakeState.LIVE, TakeState.FAILED]
    takes = [found(state, session) for state, session in zip(states, sessions, strict=True)]
    message = incomplete_takes_text(takes)
    assert message.startswith("earlier recordings lack texts: ")
    assert [str(session) in message for session in sessions] == [True, False, True, False, False]
    assert "takes resend ID" in message
    assert "…" in incomplete_takes_text([*takes, *takes]) and "…" not in message
    assert incomplete_takes_text(takes[1:2]) == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupts_distinguish_first_signal_from_later_ones(number: signal.Signals) -> None:
    heard: list[str] = []
    interrupts = Interrupts(lambda: heard.append("at first"), lambda: heard.append("again"))
    interrupts.first = lambda: heard.append("first")
    with interrupts.handle_signals():
        for count in (1, 2, 3):
            os.kill(os.getpid(), number)
            await wait_until(partial(lambda count: len(heard) == count, count), "the signal is heard")
    assert heard == ["first", "again", "again"]
    assert interrupts.last is number
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)
