"""Report shows the state of the computer, without anything that a user said, typed or chose."""

import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from app.capture.devices import Input
from app.core.errors import Note
from app.diagnostics.report.service import ReportFile, ReportNotSaved, Sources, gather_report, save_report
from app.journal.journal import Journal
from app.journal.library import Library
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.settings.schema import all_settings, change_setting
from app.settings.sections import Settings
from protocol.recognition import Options
from protocol.session import Final
from tests.app.diagnostics.report.logs import line, write

SPEECH = "greenstone drawings for Anahera"
SECRETS = ("greenstone", "Anahera", "pounamukey", "hunter2", "翡翠", "sk-live")
MICROPHONE = Input(0, "USB Audio", "ALSA", 1, 48_000, True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    return tmp_path


async def microphones() -> list[Input]:
    return [MICROPHONE]


def sources(settings: Settings) -> Sources:
    worker = WorkerView(LocalWorkerState.FAILED, device=SPEECH, reason=Note("gateway-failed", {"text": SPEECH}))
    return Sources(settings, worker, list_inputs=microphones)


async def contents(wanted: Sources, home: Path) -> dict[str, str]:
    """Save a report and return the files in the zip."""
    place = home / "saved" / "report.zip"
    save_report(await gather_report(wanted), place)
    with zipfile.ZipFile(place) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def everything_secret() -> Settings:
    """Return settings with secrets in every text and list that a user can write."""
    settings = Settings()
    for name, setting in all_settings().items():
        if setting.type is str:
            secret = "https://ana:hunter2@gpu.example:8443/sk-live?pounamukey" if name == "gateway.url" else SPEECH
            settings = changed_unchecked(settings, name, secret)
        elif isinstance(setting.default, tuple):
            settings = changed_unchecked(settings, name, (SPEECH, "翡翠"))
    return settings


def changed_unchecked(settings: Settings, name: str, value: object) -> Settings:
    """Change a setting without validation, as a version with fewer checks might."""
    section, key = name.split(".")
    part = replace(getattr(settings, section), **{key: value})
    whole: Settings = replace(settings, **{section: part})
    return whole


def dictate(library: Library, home: Path) -> None:
    """Record a take with a text."""
    options = Options(hotwords=("Anahera", "翡翠"))
    journal = Journal.create(library.root, UUID(int=5), options, time.time() - 86_400)
    journal.append(np.zeros(16_000, np.int16))
    journal.begin(0, 0)
    journal.end(0, 16_000)
    journal.settle(0, Final(0, SPEECH))
    journal.close()


async def test_report_contains_no_personal_data(home: Path) -> None:
    wanted = sources(everything_secret())
    dictate(wanted.library, home)
    for program in ("desktop", "gateway", "worker", "kikipounamu", "Anahera"):
        texts = ("text", "reason", "logger", "program", "hotwords", "翡翠", "exception")
        everywhere = dict.fromkeys(texts, SPEECH)
        write(home / "logs", program, line(1, SPEECH, **everywhere), SPEECH, line(2, "sk-live", key="pounamukey"))
        (home / "logs" / f"{program}.out").write_text(SPEECH)
    found = await contents(wanted, home)
    whole = "\n".join([*found, *found.values()])
    assert [secret for secret in SECRETS if secret in whole] == []
    assert str(home) not in whole


async def test_report_shows_state_of_computer(home: Path) -> None:
    wanted = sources(change_setting(Settings(), "audio.microphone", "usb"))
    dictate(wanted.library, home)
    write(home / "logs", "desktop", line(1, "child.ended", logger="app.child", status=-9), "damaged")
    found = await contents(wanted, home)
    result = {name: json.loads(text) for name, text in found.items() if name.endswith(".json")}
    assert result["settings.json"]["hotkeys.dictate"] == "right_ctrl"
    assert result["settings.json"]["audio.microphone"] == "USB Audio"
    assert result["settings.json"]["recognition.hotwords"] == "0 entries"
    assert result["microphones.json"]["microphones"][0]["name"] == "USB Audio"
    assert result["states.json"]["worker of this computer"]["reason"] == "gateway-failed"
    assert result["states.json"]["gateway of this computer"] is None
    assert result["models.json"]["fsmn-vad"] == "not installed"
    recordings = result["recordings.json"]
    assert sum(recordings.pop("states").values()) == recordings["looked at"] == 1 and recordings.pop("bytes") > 0
    days = {f"days since the {which}": 1.0 for which in ("newest", "oldest")}
    assert recordings == {"looked at": 1, "seconds": 1, "segments": 1, **days}
    assert result["disk.json"]["recordings"]["of"] > 0
    assert result["system.json"]["packages"]["aiohttp"]
    log = found["logs/desktop.jsonl"].splitlines()
    assert json.loads(log[0])["event"] == "child.ended" and json.loads(log[0])["status"] == -9
    assert json.loads(log[1]) == {"unreadable lines": 1}


async def test_report_shows_gateway_url_without_its_path(home: Path) -> None:
    wanted = sources(change_setting(Settings(), "gateway.url", "https://gpu.example:8443/x?key=hunter2"))
    found = await contents(wanted, home)
    assert json.loads(found["settings.json"])["gateway.url"] == "https://gpu.example:8443"


def test_save_is_atomic_and_private(home: Path) -> None:
    place = home / "report.zip"
    save_report((ReportFile("a.json", b"{}"),), place)
    assert place.stat().st_mode & 0o077 == 0 and [file.name for file in home.iterdir()] == ["report.zip"]
    with pytest.raises(ReportNotSaved, match="another place"):
        save_report((), place / "below" / "a file")
    with pytest.raises(ReportNotSaved):
        save_report((), home / "folder" / "..")
    assert zipfile.is_zipfile(place)
