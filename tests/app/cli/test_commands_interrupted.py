"""`transcribe` that ends early: what is recognised is printed."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from app.cli import commands
from app.cli.commands import GatewayChoice, TranscribeOptions, Transcription
from app.core.format import Format
from app.core.process import FAILED
from app.core.transcript import TranscriptSegment
from app.transcription.pipeline import Recogniser
from app.transcription.progress import ProgressDisplay
from client.settings import ClientSettings
from tests.app.speech import SPEECH, recording
from tests.helpers.scripted_gateway import keeping_back_after, scripted
from tests.helpers.waiting import wait_until


@pytest.fixture(autouse=True)
def own_home(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A recording of two segments."""
    return recording("en-01", "zh-01", to=tmp_path / "talk.wav", silence_s=4)


class CountingDisplay(ProgressDisplay):
    """A display that counts the recognised segments of all files."""

    recognised_segments = 0

    def recognised(self, segment: TranscriptSegment) -> None:
        super().recognised(segment)
        CountingDisplay.recognised_segments += 1


@pytest.fixture
def one_recognised(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    monkeypatch.setattr(CountingDisplay, "recognised_segments", 0)
    monkeypatch.setattr(commands, "ProgressDisplay", CountingDisplay)
    return lambda: CountingDisplay.recognised_segments == 1


async def test_interrupted_transcription_prints_what_is_recognised(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], one_recognised: Callable[[], bool]
) -> None:
    folder = tmp_path / "out"
    async with scripted(keeping_back_after(1)) as gateway:
        wanted = TranscribeOptions((talk,), output=str(folder))
        running = asyncio.create_task(Transcription(wanted, GatewayChoice(gateway.url, "k")).run())
        await wait_until(one_recognised, "one segment is recognised")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    out, err = capsys.readouterr()
    assert out == gateway.memory.texts[0] + "\n"
    assert "talk.wav: stopped; what is recognised, up to " in err and not list(folder.iterdir())


async def test_transcription_without_its_gateway_prints_what_is_recognised(
    talk: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    one_recognised: Callable[[], bool],
) -> None:
    hasty = ClientSettings(first_contact_s=0.3, give_up_s=0.3)
    monkeypatch.setattr(commands, "Recogniser", partial(Recogniser, settings=hasty))
    async with scripted(keeping_back_after(1)) as gateway:
        wanted = TranscribeOptions((talk, SPEECH / "en-01.flac"), Format.JSON)
        running = asyncio.create_task(Transcription(wanted, GatewayChoice(gateway.url, "k")).run())
        await wait_until(one_recognised, "one segment is recognised")
    assert await running == FAILED
    part, other = map(json.loads, capsys.readouterr().out.splitlines())
    assert (part["text"], part["truncated"], "error" in part) == (gateway.memory.texts[0], True, False)
    assert "not tried" in other["error"]
