"""Tests of the commands in this process: exit statuses, outputs and error messages."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest
import soundfile
import typer
from aiohttp import web

from app.cli import commands
from app.cli.commands import GatewayChoice, TranscribeOptions, Transcription, report, report_changes
from app.core.errors import ModelsMissing, Note, ProgramEnds, UsageMistake
from app.core.format import Format
from app.core.process import FAILED
from app.local_services.local_gateway import locate
from app.local_services.stack import Stack, StackSettings
from app.transcription.pipeline import Recogniser
from client.connection import Address
from client.settings import ClientSettings
from runtime.installing import extra_command
from tests.app.speech import SPEECH, window_digests
from tests.helpers.fault_engines import ENGINE
from tests.helpers.ports import free_port
from tests.helpers.recordings import samples_of
from tests.helpers.scripted_gateway import Gateway, Memory, oblige, scripted
from tests.helpers.sound_tracks import with_tracks
from tests.helpers.waiting import wait_until

TALK = SPEECH / "en-01.flac"


@pytest.fixture(autouse=True)
def own_home(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # the location of the fault engine


async def oblige_each(socket: web.WebSocketResponse, memory: Memory) -> None:
    """Serve each file as a new session."""
    memory.audio.clear()
    memory.texts.clear()
    memory.received.clear()
    await oblige(socket, memory)


@asynccontextmanager
async def elsewhere() -> AsyncIterator[tuple[GatewayChoice, Gateway]]:
    async with scripted(oblige_each) as gateway:
        yield GatewayChoice(gateway.url, "k"), gateway


def test_remote_gateway_needs_no_stack_and_no_recognition_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    remote, local = GatewayChoice("https://h:1", "k", get_models=False), GatewayChoice(get_models=False)
    assert remote.stack() is None
    assert remote.locate()() == Address("https://h:1", "k")
    assert GatewayChoice("https://h:1", "k", "AB" * 32).locate()() == Address("https://h:1", "k", "", "AB" * 32)
    assert local.stack() is not None
    assert local.locate() is locate
    with pytest.raises(ModelsMissing) as missing:
        remote.prepare()
    assert missing.value.note == Note("models-missing", {"names": "fsmn-vad"})
    with pytest.raises(ModelsMissing) as missing:
        local.prepare()
    assert missing.value.note == Note("models-missing", {"names": "fsmn-vad whisper-base"})


def test_engine_follows_the_model_or_the_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert GatewayChoice(engine="", model="sensevoice-small-int8").local == (
        "sensevoice-onnx",
        "sensevoice-small-int8",
    )
    assert GatewayChoice(engine="checksum").local == ("checksum", "")
    assert capsys.readouterr().err == ""
    choice = GatewayChoice(engine="")
    assert choice.local == ("whisper", "whisper-base")
    choice.prepare()
    assert "recognising with whisper-base: it is installed" in capsys.readouterr().err


def test_prepare_rejects_unknown_gateway() -> None:
    for source in (
        GatewayChoice("The tower"),
        GatewayChoice("https://h:1", "k", "ab"),
        GatewayChoice("http://h:1", "k"),
    ):
        with pytest.raises(UsageMistake):
            source.prepare()


async def transcribed(
    source: GatewayChoice, *files: Path, form: Format = Format.TXT, output: str = "-", track: int = 0
) -> int:
    """Return the exit status, as the command computes it."""
    transcription = Transcription(TranscribeOptions(files, form, output, "en", track=track), source)
    try:
        transcription.prepare()
    except typer.Exit as end:
        return end.exit_code
    return await transcription.run()


def wav(path: Path, missing: int = 0) -> Path:
    """Write the recording as a WAV file without its last ``missing`` bytes."""
    with path.open("wb") as file:  # opened here, so that any file name works
        soundfile.write(file, samples_of(TALK), 16_000, subtype="PCM_16", format="WAV")
    path.write_bytes(path.read_bytes()[: path.stat().st_size - missing])
    return path


async def test_standard_output_has_only_the_result(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with elsewhere() as (source, gateway):
        assert await transcribed(source, TALK) == 0
        hello = gateway.memory.hellos[0]
    out, err = capsys.readouterr()
    assert out == " ".join(window_digests(TALK, models)) + "\n"
    assert "en-01.flac: Done" in err
    assert (hello.options.language, hello.options.priority) == ("en", "bulk")


async def test_transcribe_continues_when_one_file_fails(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.wav").write_text("this is no recording")
    files = [tmp_path / "broken.wav", tmp_path / "none.wav", TALK]
    async with elsewhere() as (source, _):
        assert await transcribed(source, *files, form=Format.JSON, output=str(tmp_path / "out")) == FAILED
    document = json.loads((tmp_path / "out" / "en-01.json").read_text())
    assert document["text"] == " ".join(window_digests(TALK, models)) and document["truncated"] is False
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["en-01.json"]
    out, err = capsys.readouterr()
    assert out == ""
    assert [err.count(str(file)) for file in files[:2]] == [1, 1]
    assert "en-01.flac: written to" in err


@pytest.mark.parametrize("form", [Format.TXT, Format.JSON])
async def test_truncated_file_is_recognised_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: Format
) -> None:
    cut = wav(tmp_path / "cut.wav", missing=2 * 16_000)
    async with elsewhere() as (source, _):
        assert await transcribed(source, cut, form=form) == FAILED
    out, err = capsys.readouterr()
    assert "cut.wav: breaks off, " in err and "promises at least 32,000 bytes more" in err and "Done" not in err
    if form is Format.JSON:
        assert json.loads(out)["truncated"] is True and json.loads(out)["text"]
    else:
        assert out.strip()


async def test_film_with_several_sound_tracks_says_which_one_is_read(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    speech = samples_of(TALK)
    film = with_tracks(tmp_path / "film.mkv", np.zeros_like(speech), speech, default=[1])
    async with elsewhere() as (source, _):
        assert await transcribed(source, film) == 0
    out, err = capsys.readouterr()
    assert out == " ".join(window_digests(TALK, models)) + "\n"
    assert "film.mkv: only sound track 2 of 2 is read" in err


async def test_named_sound_track_is_read(tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    speech = samples_of(TALK)
    film = with_tracks(tmp_path / "film.mkv", np.zeros_like(speech), speech)
    async with elsewhere() as (source, _):
        assert await transcribed(source, film, track=2) == 0
        out, err = capsys.readouterr()
        assert out == " ".join(window_digests(TALK, models)) + "\n" and "only sound track 2 of 2 is read" in err
        assert await transcribed(source, film, track=3) == 1
        assert "has no sound track 3: name one from 1 to 2" in capsys.readouterr().err


def test_each_film_is_opened_once_before_work_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = list[object]()
    opening = av.open

    def counted(file: BinaryIO, *arguments: Any, **options: Any) -> object:
        opened.append(file.name)
        return opening(file, *arguments, **options)

    films = [with_tracks(tmp_path / name, samples_of(TALK)) for name in ("a.mkv", "b.mkv")]
    monkeypatch.setattr(av, "open", counted)
    source = GatewayChoice("https://h:1", "k", get_models=False)
    with suppress(ModelsMissing):
        Transcription(TranscribeOptions(films), source).prepare()
    assert opened == [str(film) for film in films]


async def test_json_of_several_files_is_one_line_per_file_in_order(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [TALK, tmp_path / "none.wav", wav(tmp_path / "cut.wav", missing=3), TALK]
    async with elsewhere() as (source, _):
        assert await transcribed(source, *files, form=Format.JSON) == FAILED
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in found] == [str(file) for file in files]
    assert [one.get("truncated") for one in found] == [False, None, True, False]
    assert "No such file" in found[1]["error"] and "text" not in found[1]
    assert found[0]["text"] == found[3]["text"] == " ".join(window_digests(TALK, models))


async def test_folder_is_transcribed_as_its_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "talks"
    (folder / "more").mkdir(parents=True)
    files = [wav(folder / "b.wav"), wav(folder / "more" / "a.wav")]
    (folder / "notes.txt").touch()
    async with elsewhere() as (source, _):
        assert await transcribed(source, folder, form=Format.JSON) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(document["file"]) for document in documents] == files


async def test_json_of_one_file_is_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with elsewhere() as (source, _):
        assert await transcribed(source, TALK, form=Format.JSON) == 0
        assert json.loads(capsys.readouterr().out)["file"] == str(TALK)
        assert await transcribed(source, tmp_path / "none.wav", form=Format.JSON) == FAILED
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] in err and out.count("\n") == 1


async def test_transcribe_fails_early_when_no_file_is_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the models are requested."""
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path / "no models"))
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no recording")
    files = [tmp_path / "missing.wav", tmp_path / "text.wav", tmp_path / "empty.wav"]
    assert await transcribed(GatewayChoice(get_models=False), *files) == FAILED
    out, err = capsys.readouterr()
    assert out == "" and [err.count(str(file)) for file in files] == [1, 1, 1]
    assert [line.split()[0] for line in err.splitlines()] == [str(file) for file in files]
    assert "No such file" in err and "no audio that can be read" in err and "is an empty file" in err


async def test_missing_media_extra_is_reported_with_the_command_for_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    film = tmp_path / "film.m4a"
    film.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    assert await transcribed(GatewayChoice(get_models=False), film) == FAILED
    assert f"{film} needs PyAV: run {extra_command('media')}" in capsys.readouterr().err


async def test_refused_key_is_reported_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted(oblige, refusing=((401, {}),) * 9) as gateway:
        assert await transcribed(GatewayChoice(gateway.url, "wrong"), TALK, SPEECH / "en-02.flac") == FAILED
        assert gateway.connections == 0
    err = capsys.readouterr().err
    assert err.count("--key") == 1 and "en-02.flac: not tried" in err


async def test_dead_gateway_is_reported_once_without_errno(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = ClientSettings(first_contact_s=2.0)  # a loaded machine is refused only after half a second
    monkeypatch.setattr(commands, "Recogniser", partial(Recogniser, settings=hasty))
    port = free_port()
    source = GatewayChoice(f"http://127.0.0.1:{port}", "k")
    assert await transcribed(source, TALK, SPEECH / "en-02.flac", form=Format.JSON) == FAILED
    out, err = capsys.readouterr()
    assert err.count("no connection to the gateway") == 1
    assert err.count(f"nothing listens at 127.0.0.1:{port}") == 1 and "Errno" not in err + out
    assert err.count("trying again") == 1 and "en-02.flac: not tried" in err
    assert ["nothing listens" in json.loads(line)["error"] for line in out.splitlines()] == [True, True]


async def test_file_names_are_escaped_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = wav(tmp_path / "a\x1b[2J\u202e\udc80.wav")
    async with elsewhere() as (source, _):
        assert await transcribed(source, hostile, TALK) == 0
        shown = "".join(capsys.readouterr())
        assert await transcribed(source, hostile, form=Format.JSON) == 0
    assert "\x1b" not in shown and "\u202e" not in shown and r"a\x1b[2J\u202e\udc80.wav" in shown
    assert json.loads(capsys.readouterr().out)["file"] == str(hostile).replace("\udc80", "?")


async def test_usage_mistake_is_raised_before_stack_starts() -> None:
    with pytest.raises(UsageMistake):
        await transcribed(GatewayChoice(), TALK, TALK, form=Format.SRT)


GATEWAY = "kikipounamu-gateway"
ROOT = Path(__file__).resolve().parents[3]


async def test_up_reports_reason_and_keeps_gateway_when_worker_cannot_run() -> None:
    said: list[str] = []
    async with Stack(StackSettings("funasr", "no-such-model", lasting=True)) as stack:
        reporting = asyncio.create_task(stack.unless_broken(report(stack, said.append, check_s=0.05)))
        try:
            await wait_until(lambda: said, "the worker's end is said")
            assert (
                "the worker does not run: kikipounamu-worker cannot run on this computer (exit status 3)"
                in said[0]
            )
            assert "no-such-model" in said[0] and "the gateway stays at http" in said[0]
            assert not reporting.done() and GATEWAY in stack.children
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)


@pytest.mark.parametrize("workers", [True, False])
async def test_own_gateway_needs_model_here_only_without_workers(
    workers: bool,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "fsmn-vad").symlink_to(models / "fsmn-vad")
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(tmp_path))
    source = GatewayChoice(engine="", get_models=False)
    async with Stack(StackSettings("checksum", worker=workers)) as stack:
        if not workers:
            with pytest.raises(ModelsMissing):
                await asyncio.to_thread(source.prepare)
            return
        await stack.until_ready()
        await asyncio.to_thread(source.prepare)
        transcription = Transcription(TranscribeOptions([TALK]), source)
        assert await transcription.run() == 0
    out, err = capsys.readouterr()
    assert out == " ".join(window_digests(TALK, models)) + "\n" and "recognising with" not in err


async def test_up_says_state_once_it_is_seen_twice() -> None:
    """The worker's own lines about it appear a little later."""
    said: list[str] = []
    seen = iter(["", "broken", "ready", "ready", "ready", "broken", "ready", "", "", "ready", "ready"])
    ended = asyncio.Event()

    async def state() -> str:
        if (line := next(seen, None)) is None:
            ended.set()
            await asyncio.Event().wait()
        return str(line)

    reporting = asyncio.create_task(report_changes(state, said.append, check_s=0.0))
    await ended.wait()
    assert said == ["ready", "ready"]
    reporting.cancel()
    await asyncio.gather(reporting, return_exceptions=True)


async def test_up_ends_when_worker_is_to_run_an_unknown_engine() -> None:
    with pytest.raises(ProgramEnds, match=r"(?s)\(exit status 2\).*json:loads creates no engine"):
        async with Stack(StackSettings("json:loads", lasting=True)) as stack:
            await asyncio.wait_for(stack.until_broken(), 60)


async def test_up_reports_reason_and_keeps_gateway_when_engine_is_killed(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    mended = tmp_path / "mended"
    dies = ("--set", "load=kill", "--set", f"until={mended}")
    async with Stack(StackSettings(ENGINE, lasting=True, worker_arguments=dies)) as stack:
        reporting = asyncio.create_task(stack.unless_broken(report(stack, said.append, check_s=0.05)))
        try:
            await wait_until(lambda: said, "the engine's end is said")
            assert "was ended by SIGKILL" in said[0] and "the gateway stays at http" in said[0]
            mended.touch()
            await wait_until(lambda: said[-1].startswith("ready: http"), "the worker is ready")
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
