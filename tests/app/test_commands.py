"""The commands in this process: what each file comes to, and what a mistake says."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.commands import Source, transcribe, up
from app.errors import ModelsMissing, StackFailed, UsageMistake
from app.formats import Format
from app.local_gateway import locate
from app.process import FAILED
from app.stack import Stack, StackSettings
from client.connection import Address
from client.errors import Refused
from runtime.logs import logging_to
from tests.app.speech import SPEECH, digests
from tests.helpers.scripted_gateway import Gateway, oblige, scripted

TALK = SPEECH / "en-01.flac"


@pytest.fixture(autouse=True)
def as_in_main(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    with logging_to("test", None, terminal=False):
        yield


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[Source, Gateway]]:
    async with scripted(oblige) as gateway:
        yield Source(gateway.url, "k"), gateway


def test_a_gateway_elsewhere_needs_no_stack_and_no_recogniser_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    remote, local = Source("https://h:1", "k", get_models=False), Source(get_models=False)
    assert remote.stack() is None
    assert remote.locate()() == Address("https://h:1", "k")
    assert Source("https://h:1", "k", "AB" * 32).locate()() == Address("https://h:1", "k", "", "AB" * 32)
    assert local.stack() is not None
    assert local.locate() is locate
    with pytest.raises(ModelsMissing) as missing:
        remote.prepare()
    assert missing.value.names == ("fsmn-vad",)
    with pytest.raises(ModelsMissing) as missing:
        local.prepare()
    assert missing.value.names == ("fsmn-vad", "whisper-base")


def test_what_names_no_gateway_is_said_before_anything_is_fetched() -> None:
    for source in (Source("The tower"), Source("https://h:1", "k", "ab"), Source("http://h:1", "k")):
        with pytest.raises((UsageMistake, Refused)):
            source.prepare()


async def test_the_result_alone_is_on_standard_output(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with elsewhere() as (source, gateway):
        assert await transcribe([TALK], source, "en", Format.TXT, "-") == 0
        hello = gateway.memory.hellos[0]
    out, err = capsys.readouterr()
    assert out == " ".join(digests(TALK, models)) + "\n"
    assert "en-01.flac: done" in err
    assert (hello.options.language, hello.options.priority) == ("en", "bulk")


async def test_a_file_that_fails_does_not_stop_the_others(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.wav").write_text("this is no recording")
    files = [tmp_path / "broken.wav", tmp_path / "none.wav", TALK]
    async with elsewhere() as (source, _):
        assert await transcribe(files, source, "auto", Format.JSON, str(tmp_path / "out")) == FAILED
    document = json.loads((tmp_path / "out" / "en-01.json").read_text())
    assert document["text"] == " ".join(digests(TALK, models))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["en-01.json"]
    out, err = capsys.readouterr()
    assert out == ""
    assert "broken.wav: " in err
    assert "none.wav: " in err
    assert "en-01.flac: written to" in err


async def test_a_refused_key_is_said_for_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        assert await transcribe([TALK], Source(gateway.url, "wrong"), "auto", Format.TXT, "-") == FAILED
    assert "--key" in capsys.readouterr().err


async def test_mistakes_are_told_before_anything_is_started() -> None:
    with pytest.raises(UsageMistake):
        await transcribe([TALK, TALK], Source(), "auto", Format.SRT, "-")


async def test_up_beside_a_running_gateway_says_so() -> None:
    async with Stack(StackSettings(engine="checksum")):
        with pytest.raises(StackFailed, match=r"already runs at http://127.0.0.1:\d+"):
            await up(Source(engine="checksum"))
