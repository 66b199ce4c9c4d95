"""Files are recognised by the chosen gateway; one of this computer runs only while it is needed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from app.cli.commands import GatewayChoice
from app.core.format import Format
from app.local_services.stack import Stack
from app.mcp_server.files import FileTranscriber, SharedStack
from protocol.texts import join_texts
from speech.errors import AudioMissing, AudioUnsupported
from tests.app.speech import SPEECH, window_digests
from tests.helpers.recordings import samples_of
from tests.helpers.scripted_gateway import Gateway, afresh, scripted
from tests.helpers.sound_tracks import with_tracks
from tests.helpers.waiting import wait_until

FILE = SPEECH / "en-01.flac"


@pytest.fixture(autouse=True)
def own_home(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with scripted(afresh) as running:
        yield running


async def unheard(elapsed_s: float, message: str) -> None:
    """Ignore the reported progress."""


@pytest.mark.parametrize("form", [Format.TXT, Format.SRT])
async def test_text_of_a_file_is_that_of_the_command(gateway: Gateway, models: Path, form: Format) -> None:
    async with FileTranscriber(GatewayChoice(gateway.url, "k")) as files:
        found = await files.transcribe(FILE, "auto", form, unheard)
    text = join_texts(window_digests(FILE, models))
    assert found.complete and found.problems == [] and found.seconds > 1
    assert found.text == text if form is Format.TXT else text in found.text and "-->" in found.text


async def test_named_sound_track_of_a_film_is_transcribed(gateway: Gateway, models: Path, tmp_path: Path) -> None:
    speech = samples_of(FILE)
    film = with_tracks(tmp_path / "film.mkv", np.zeros_like(speech), speech)
    async with FileTranscriber(GatewayChoice(gateway.url, "k")) as files:
        assert (await files.transcribe(film, "auto", Format.TXT, unheard)).text == ""
        found = await files.transcribe(film, "auto", Format.TXT, unheard, track=2)
        assert found.text == join_texts(window_digests(FILE, models))
        with pytest.raises(AudioUnsupported, match="name one from 1 to 2"):
            await files.transcribe(film, "auto", Format.TXT, unheard, track=3)


async def test_unreadable_file_is_reported_before_anything_is_started(tmp_path: Path) -> None:
    async with FileTranscriber(GatewayChoice(get_models=False)) as files:
        with pytest.raises(AudioMissing):
            await files.transcribe(tmp_path / "none.wav", "auto", Format.TXT, unheard)


async def test_cancelled_call_ends_its_work(gateway: Gateway) -> None:
    async with FileTranscriber(GatewayChoice(gateway.url, "k")) as files:
        call = asyncio.create_task(files.transcribe(FILE, "auto", Format.TXT, unheard))
        await wait_until(lambda: files.running == 1, "the file is being recognised")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await wait_until(lambda: files.running == 0, "nothing runs any more")


@dataclass
class Stacks:
    """Stacks that are counted instead of started."""

    open: int = 0
    made: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    may_close: asyncio.Event = field(default_factory=asyncio.Event)

    def make(self) -> Stack:
        self.made += 1
        return cast(Stack, self)

    async def __aenter__(self) -> "Stacks":
        self.open += 1
        return self

    async def unless_broken(self, work: Any) -> Any:
        return await work

    async def close(self) -> None:
        self.closing.set()
        await self.may_close.wait()
        self.open -= 1


async def test_stack_runs_while_it_is_used() -> None:
    stacks, first, second = Stacks(), asyncio.Event(), asyncio.Event()
    stacks.may_close.set()
    shared = SharedStack(stacks.make)
    calls = [asyncio.create_task(shared.run(event.wait)) for event in (first, second)]
    await wait_until(lambda: stacks.open == 1, "the stack runs")
    first.set()
    await calls[0]
    assert (stacks.open, stacks.made) == (1, 1)
    second.set()
    await calls[1]
    assert stacks.open == 0
    await shared.run(lambda: asyncio.sleep(0))
    assert (stacks.open, stacks.made) == (0, 2)


async def test_stack_is_stopped_although_its_last_user_is_cancelled_meanwhile() -> None:
    stacks = Stacks()
    call = asyncio.create_task(SharedStack(stacks.make).run(lambda: asyncio.sleep(0)))
    await stacks.closing.wait()
    call.cancel()
    await asyncio.sleep(0)
    stacks.may_close.set()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert stacks.open == 0


async def test_remote_gateway_needs_no_stack() -> None:
    assert await SharedStack(lambda: None).run(lambda: asyncio.sleep(0, "done")) == "done"
