"""A home that this version has used opens in an older version, and then again here, without loss."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from uuid import UUID

import pytest
import tomlkit

from app.journal.library import Library
from app.settings.current import settings_now
from backend.history.records import SessionFilter
from backend.history.store import open_store
from benchmarks.installed_version import build_wheel, install, previous_commit
from tests.helpers.chain import BIN
from tests.helpers.previous_home import CUT_OFF, previous_home
from tests.helpers.takes import recognised_take

NEW: UUID = UUID(int=7)
TEXT = "A sentence of the newer version."
HISTORY = ("garden", "Thursday", "天气", "见面")
CHANGE = """
import asyncio
from app.settings.file import ChangeSetting, SettingsFile

async def change():
    async with SettingsFile() as file:
        assert not file.problems, file.problems
        await file.apply(ChangeSetting("general.sounds", False))

asyncio.run(change())
"""


def run(programs: Path, home: Path, models: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of one of the versions on this home."""
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(models)}
    return subprocess.run(
        [str(programs / command[0]), *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=home,
        timeout=240,
    )


def use_newly(home: Path, models: Path) -> None:
    """Write what only this version writes: settings, tables of the history, a take, a device."""
    place = home / "config" / "settings.toml"
    settings = tomlkit.parse(place.read_text())
    settings["updates"] = {"check": True, "url": "https://updates.example/updates.json"}
    place.write_text(tomlkit.dumps(settings))
    open_store(f"sqlite:///{home}/data/history.sqlite").close()  # migrates
    with recognised_take(home / "data" / "takes", NEW, 1.8e9, TEXT) as journal:
        journal.inserting(0)
        journal.record_inserted(0)
        journal.finish()
    added = run(BIN, home, models, "kikipounamu-gateway", "devices", "add", "new laptop")
    assert added.returncode == 0, added.stderr


def check(programs: Path, home: Path, models: Path) -> None:
    """Check that a version reads takes, settings and devices of the home, and changes a setting without loss."""
    listed = run(programs, home, models, "kikipounamu", "takes", "list")
    assert listed.returncode == 0, listed.stderr
    found = set(re.findall(r"^[0-9a-f]{8}", listed.stdout, re.MULTILINE))  # the older version prints whole ids
    assert str(NEW)[:8] in found and len(found) == 5
    shown = run(programs, home, models, "kikipounamu", "takes", "show", str(NEW))
    assert TEXT in shown.stdout, shown.stderr
    devices = run(programs, home, models, "kikipounamu-gateway", "devices", "list")
    assert "kitchen laptop" in devices.stdout and "new laptop" in devices.stdout, devices.stderr
    changed = run(programs, home, models, "python", "-c", CHANGE)
    assert changed.returncode == 0, changed.stderr


def check_again(home: Path) -> None:
    """Check that this version still has everything."""
    settings = tomllib.loads((home / "config" / "settings.toml").read_text())
    assert settings["updates"] == {"check": True, "url": "https://updates.example/updates.json"}
    assert settings["general"]["sounds"] is False and settings["recognition"]["hotwords"] == [
        "kikipounamu",
        "奇奇",
    ]
    read, problems = settings_now(home / "config" / "settings.toml")
    assert read.updates.check and not problems
    takes = {take.session: take for take in Library(home / "data" / "takes").all()}
    assert takes[NEW].transcript.text == TEXT and len(takes) == 5
    store = open_store(f"sqlite:///{home}/data/history.sqlite")
    try:
        assert [len(store.search(word, SessionFilter()).items) for word in HISTORY] == [1] * len(HISTORY)
    finally:
        store.close()


def test_home_is_read_and_changed_and_keeps_everything(tmp_path: Path, models: Path) -> None:
    """The small version of the proof, with this version in both places."""
    home = previous_home(tmp_path / "home")
    use_newly(home, models)
    check(BIN, home, models)
    check_again(home)


@pytest.mark.proof(minutes=2)
def test_previous_version_reads_a_newer_home_or_refuses_it_without_loss(tmp_path: Path, models: Path) -> None:
    previous = install(build_wheel(previous_commit(), tmp_path), tmp_path / "environment")
    home = previous_home(tmp_path / "home")
    use_newly(home, models)
    check(previous, home, models)
    resent = run(previous, home, models, "kikipounamu", "takes", "resend", str(CUT_OFF), "--engine", "checksum")
    assert resent.returncode == 0, resent.stderr
    log = "".join(path.read_text() for path in (home / "logs").glob("*gateway*"))
    assert "made by a newer version" in log, "the older gateway leaves the newer history alone"
    again = run(BIN, home, models, "kikipounamu", "takes", "resend", str(CUT_OFF), "--engine", "checksum")
    assert again.returncode == 0, again.stderr
    check_again(home)
