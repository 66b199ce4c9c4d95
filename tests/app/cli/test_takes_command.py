"""Tests of ``kikipounamu takes``: its output and files, and resending a take after a crash."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from app.cli.takes_command import app
from app.journal.journal import Journal
from app.local_services import local_gateway
from loadtest.core.checksum import checksum
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final
from speech.audio_file import read_audio
from tests.app.journal.files import tone
from tests.app.local_services.test_stack import processes_of
from tests.app.speech import digests, recording
from tests.helpers.chain import running_chain
from tests.helpers.waiting import wait_until_sync

PROGRAM = str(Path(sys.executable).parent / "kikipounamu")
FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    yield tmp_path / "home"
    wait_until_sync(lambda: processes_of(tmp_path / "home") == [], "nothing is left behind")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def take(home: Path, session: str = FIRST, started_s: float = 1_000_000.0) -> Journal:
    """Create a take of two seconds in two segments.

    The caller completes and closes it.
    """
    journal = Journal.create(home / "data" / "takes", UUID(session), Options(), started_s)
    journal.append(tone(0, 32_000))
    for segment in (0, 1):
        journal.begin(segment, segment * 16_000)
        journal.end(segment, 12_000)
    return journal


@pytest.fixture
def finished(home: Path) -> None:
    with take(home) as journal:
        journal.settle(0, Final(0, "Good morning.", "en", model="m"))
        journal.settle(1, Failed(1, ErrorCode.ENGINE_DIED, "it died"))
        journal.finish()


def test_list_is_empty_without_takes(home: Path) -> None:
    listed = run("list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines() == ["no recordings yet", f"folder: {home / 'data' / 'takes'}"]
    assert json.loads(run("list", "--json").stdout) == []


@pytest.mark.usefixtures("finished")
def test_list_has_its_titles_in_the_language_of_its_states(home: Path) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('[general]\nlanguage = "zh"\n')
    titles, row = (line.split() for line in run("list").stdout.splitlines()[:2])
    assert titles == ["编号", "开始", "时长", "状态", "文字"] and "失败" in row


def test_list_shortens_ids_as_far_as_they_differ(home: Path) -> None:
    ids = ("0f0e7f1a-1111-4111-8111-111111111111", "0f0e7f1a-1121-4111-8111-111111111111")
    for name in ids:
        take(home, name).close()
    assert {line.split()[0] for line in run("list").stdout.splitlines()[1:3]} == {name[:12] for name in ids}


@pytest.mark.usefixtures("finished")
def test_json_of_list_and_of_one_recording_has_stable_keys(home: Path) -> None:
    with Journal.reopen(home / "data" / "takes", UUID(FIRST)) as journal:
        journal.edit("Good evening.")
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["id"], listed["state"], listed["seconds"]) == (FIRST, "failed", 2.0)
    shown = json.loads(run("show", FIRST, "--json").stdout)
    assert set(listed) == {"id", "started_s", "seconds", "state", "journal", "partly_inserted", "text"}
    assert set(shown) - set(listed) == {"edited", "segments", "damage", "folder"}
    assert {key: shown[key] for key in listed} == listed
    assert (shown["edited"], shown["damage"]) == ("Good evening.", [])
    assert shown["segments"] == [
        {"index": 0, "start_ms": 0, "end_ms": 750, "text": "Good morning.", "error": ""},
        {"index": 1, "start_ms": 1000, "end_ms": 1750, "text": "", "error": "it died (engine_died)"},
    ]


@pytest.mark.usefixtures("finished")
def test_id_prefix_is_enough_unless_it_is_ambiguous(home: Path, tmp_path: Path) -> None:
    other = "abcdef01-1111-4111-8111-111111111111"
    take(home, other).close()
    assert run("show", "ABC").stdout.startswith(f"{other}: ")
    assert run("export", "0000", "--output", str(tmp_path)).exit_code == 0
    assert (tmp_path / f"{FIRST}.wav").exists()
    take(home, SECOND).close()
    unclear = run("show", "0000")
    assert unclear.exit_code == 1 and FIRST in unclear.stderr and SECOND in unclear.stderr


@pytest.mark.usefixtures("finished")
def test_state_is_in_the_language_of_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "  失败  " in run("list").stdout and "\n文件夹：" in run("list").stdout
    shown = run("show", FIRST).stdout
    assert shown.startswith(f"{FIRST}：失败，2.0 秒，开始于 ") and "\n文件夹：" in shown and "folder" not in shown
    assert json.loads(run("list", "--json").stdout)[0]["state"] == "failed"


@pytest.mark.usefixtures("finished")
def test_list_shows_state_length_and_start_of_text(home: Path) -> None:
    with take(home, SECOND, 2_000_000.0) as journal:
        journal.settle(0, Final(0, "[b]" + "long " * 50))
        first, second, *_ = run("list").stdout.splitlines()[1:]
        assert second.split()[:1] + second.split()[3:] == [FIRST, "2.0", "s", "Failed", "Good", "morning."]
        assert (first.split()[0], first.split()[5]) == (SECOND, "Recognising")
        assert "[b]long" in first
        assert first.endswith("…")
    assert "Failed" in run("list").stdout.splitlines()[1]


@pytest.mark.usefixtures("finished")
def test_list_shows_edited_text(home: Path) -> None:
    with Journal.reopen(home / "data" / "takes", UUID(FIRST)) as journal:
        journal.edit("Good evening.")
    assert run("list").stdout.splitlines()[1].endswith("Good evening.")


@pytest.mark.usefixtures("finished")
def test_show_prints_each_segment() -> None:
    shown = run("show", FIRST)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].startswith(f"{FIRST}: Failed, 2.0 s, started 1970-01-12")
    assert shown.stdout.splitlines()[1:3] == [
        "[0.0-0.8 s] Good morning.",
        "[1.0-1.8 s] no text: it died (engine_died)",
    ]


@pytest.mark.usefixtures("finished")
def test_export_writes_sound_and_text(tmp_path: Path) -> None:
    assert run("export", FIRST, "--output", str(tmp_path / "out")).exit_code == 0
    sound = tmp_path / "out" / f"{FIRST}.wav"
    samples, rate = soundfile.read(sound, dtype="int16")
    assert rate == 16_000
    assert np.array_equal(samples, tone(0, 32_000))
    assert stat.S_IMODE(sound.stat().st_mode) == 0o600
    assert (tmp_path / "out" / f"{FIRST}.txt").read_text() == "Good morning.\n"
    assert run("export", FIRST, "--format", "json", "--output", str(tmp_path / "out")).exit_code == 0
    document = json.loads((tmp_path / "out" / f"{FIRST}.json").read_text())
    assert [segment["text"] for segment in document["segments"]] == ["Good morning.", ""]
    assert (document["file"], document["duration_ms"]) == (f"{FIRST}.wav", 2_000)


@pytest.mark.usefixtures("finished")
def test_edited_text_is_shown_with_original_and_exported(home: Path, tmp_path: Path) -> None:
    with Journal.reopen(home / "data" / "takes", UUID(FIRST)) as journal:
        journal.edit("Good\nevening.")
    shown = run("show", FIRST).stdout
    assert "[0.0-0.8 s] Good morning." in shown and "edited to: Good\nevening." in shown
    for form in ("txt", "srt", "json"):
        assert run("export", FIRST, "--format", form, "--output", str(tmp_path)).exit_code == 0
    assert (tmp_path / f"{FIRST}.txt").read_text() == "Good\nevening.\n"
    subtitles = (tmp_path / f"{FIRST}.srt").read_text()
    assert "00:00:00,000 --> 00:00:00,750\nGood evening." in subtitles
    document = json.loads((tmp_path / f"{FIRST}.json").read_text())
    assert (document["text"], document["file"]) == ("Good\nevening.", f"{FIRST}.wav")


@pytest.mark.usefixtures("finished")
def test_export_into_a_file_says_to_name_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    failed = run("export", FIRST, "--output", str(tmp_path / "file"))
    assert failed.exit_code == 1 and "name a folder" in failed.stderr


@pytest.mark.usefixtures("finished")
def test_failed_export_is_reported_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "out" / f"{FIRST}.wav").mkdir(parents=True)
    failed = run("export", FIRST, "--output", str(tmp_path / "out"))
    assert failed.exit_code == 1
    assert "cannot be exported" in failed.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{FIRST}.wav"]


@pytest.mark.usefixtures("finished")
def test_damaged_take_is_shown_with_place_of_damage_and_status_1(home: Path, tmp_path: Path) -> None:
    events = home / "data" / "takes" / FIRST / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    events.write_bytes(b"".join((*lines[:1], lines[1].replace(b'"at":0', b'"at":2'), *lines[2:])))
    listed = run("list")
    assert listed.exit_code == 0 and listed.stdout.splitlines()[1].split()[5] == "Damaged"
    assert "takes show ID" in listed.stderr
    for arguments in (("show", FIRST), ("export", FIRST, "--output", str(tmp_path))):
        shown = run(*arguments)
        assert shown.exit_code == 1
        assert "damaged: events.jsonl, line 2: the line cannot be read" in shown.stderr
        assert f"kikipounamu takes resend {FIRST}" in shown.stderr
    assert (tmp_path / f"{FIRST}.wav").exists() and (tmp_path / f"{FIRST}.txt").exists()


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize("name", ["events.jsonl", "audio.pcm16"])
def test_every_command_reports_folder_in_place_of_file(home: Path, tmp_path: Path, name: str) -> None:
    (home / "data" / "takes" / FIRST / name).unlink()
    (home / "data" / "takes" / FIRST / name).mkdir()
    listed = run("list")
    assert listed.exit_code == 0 and listed.stdout.splitlines()[1].split()[5] == "Damaged"
    for arguments in (("show", FIRST), ("export", FIRST, "--output", str(tmp_path)), ("resend", FIRST)):
        failed = run(*arguments)
        assert failed.exit_code == 1 and f"{name}: it is a folder, not a file" in failed.stderr
    assert (tmp_path / f"{FIRST}.wav").exists() == (name == "events.jsonl")


@pytest.mark.parametrize("command", ["show", "export", "resend"])
@pytest.mark.parametrize("name", [SECOND, "../../x", "nonsense"])
def test_commands_reject_unknown_take(command: str, name: str) -> None:
    failed = run(command, name)
    assert failed.exit_code == 1
    assert "kikipounamu takes list" in failed.stderr


def test_resend_uses_the_gateway_of_the_app_unless_told_otherwise(home: Path) -> None:
    with take(home) as journal:
        journal.finish()
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text('[gateway]\nchosen = "beefbeefbeefbeef"\n', encoding="utf-8")
    failed = run("resend", FIRST)
    assert failed.exit_code == 2 and "paired with no server called beefbeefbeefbeef" in failed.stderr
    told = run("resend", FIRST, "--gateway", "The desk")
    assert told.exit_code == 2 and "paired with no server called The desk" in told.stderr
    here = run("resend", FIRST, "--engine", "no-such-engine")
    assert here.exit_code == 2 and "paired" not in here.stderr


def test_resend_refuses_take_in_use(home: Path) -> None:
    with take(home):
        failed = run("resend", FIRST)
    assert failed.exit_code == 1
    assert "in use" in failed.stderr
    assert "Traceback" not in failed.stderr


def is_ready() -> bool:
    found = asyncio.run(local_gateway.running())
    return found is not None and found.readiness.ready


def test_resend_recovers_crashed_take_even_if_killed_once(home: Path, models: Path, tmp_path: Path) -> None:
    talk = recording("en-01", "zh-01", "en-02", to=tmp_path / "talk.wav")
    folder = home / "data" / "takes" / FIRST
    with Journal.create(folder.parent, UUID(FIRST), Options(), 0.0) as journal:
        for block in read_audio(talk):
            journal.append(block)
    command = [PROGRAM, "takes", "resend", FIRST, "--engine", "checksum"]
    with running_chain(tmp_path, quiet=True) as chain:  # all of them use this gateway
        chain.gateway()
        chain.worker()
        wait_until_sync(is_ready, "somebody recognises")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sender:
            wait_until_sync(lambda: (folder / "events.jsonl").read_text().count('"end"') >= 1, "it cuts")
            os.kill(sender.pid, signal.SIGKILL)
        done, again = (run("resend", FIRST, "--engine", "checksum") for _ in range(2))
    assert done.exit_code == 0, done.stderr
    assert done.stdout == " ".join(digests(talk, models)) + "\n"
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    spoken = [event["segment"] for event in events if event["type"] == "final"]
    assert sorted(spoken) == list(range(len(digests(talk, models))))
    assert (again.exit_code, again.stdout) == (0, done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_files_of_take_are_readable_by_ordinary_tools(home: Path) -> None:
    """The format in docs/operations/folders.md: plain little-endian samples, and one JSON object per line."""
    with take(home) as journal:
        journal.settle(0, Final(0, "yes"))
    folder = home / "data" / "takes" / FIRST
    dumped = subprocess.run(
        ["od", "-An", "-td2", "-v", "-w2", "--endian=little", folder / "audio.pcm16"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert np.array_equal(np.array(dumped.stdout.split(), np.int16), tone(0, 32_000))
    types = [json.loads(line)["type"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert types == ["opened", "begin", "end", "begin", "end", "final"]
    assert checksum((folder / "audio.pcm16").read_bytes()) == checksum(tone(0, 32_000).tobytes())
