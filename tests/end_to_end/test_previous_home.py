"""Test that this version opens the previous version's stored home without losing anything."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from app.gateways.store import GatewayStore
from app.journal.disk import AUDIO
from app.journal.library import Library
from app.settings.file import parse_settings
from backend.history.records import SessionFilter
from backend.history.store import open_store
from protocol.session import Final
from tests.helpers.chain import BIN
from tests.helpers.previous_home import CANCELLED, CUT_OFF, HELD, INSERTED, previous_home

pytestmark = pytest.mark.timeout(300)

TEXTS = {
    INSERTED: "Good morning, I would like to write a short letter to my sister about the garden.",
    CANCELLED: "今天的天气很好。我们下午三点，再会议试见面。",
    HELD: "The meeting has been moved to Thursday afternoon and everyone should bring their notes.",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return previous_home(tmp_path / "home")


def run(home: Path, models: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a console script on this home."""
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(models)}
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=240,
    )


def test_previous_settings_are_read_without_a_problem(home: Path) -> None:
    found = parse_settings((home / "config" / "settings.toml").read_text())
    assert (found.problems, found.unknown) == ((), ())
    assert found.settings.recognition.hotwords == ("kikipounamu", "奇奇")
    assert found.settings.recognition.replacements[0].writes == "Kiki"
    assert found.settings.history.days == 3650


def test_previous_devices_and_gateways_are_known(home: Path, models: Path) -> None:
    listed = run(home, models, "kikipounamu-gateway", "devices", "list")
    assert (listed.returncode, "kitchen laptop" in listed.stdout) == (0, True), listed.stderr
    (paired,), put_aside = GatewayStore(home / "data" / "gateways.json").read()
    assert (paired.own_name, put_aside) == ("desk", None)


def test_previous_gateway_history_is_searchable(home: Path) -> None:
    store = open_store(f"sqlite:///{home}/data/history.sqlite")
    try:
        for word in ("garden", "Thursday", "天气", "见面"):
            assert len(store.search(word, SessionFilter()).items) == 1, word
    finally:
        store.close()


def test_previous_recordings_keep_their_texts(home: Path) -> None:
    found = {take.session: take for take in Library(home / "data" / "takes").all()}
    assert {session: found[session].transcript.text for session in TEXTS} == TEXTS


def test_previous_recording_that_was_cut_off_is_recognised_completely(home: Path, models: Path) -> None:
    """The gateway starts with the previous broker file, in which the first segments wait."""
    folder = home / "data" / "takes" / str(CUT_OFF)
    before = (folder / AUDIO).read_bytes()
    done = run(home, models, "kikipounamu", "takes", "resend", str(CUT_OFF), "--engine", "checksum")
    assert done.returncode == 0, done.stderr
    take = next(take for take in Library(home / "data" / "takes").all() if take.session == CUT_OFF)
    assert (folder / AUDIO).read_bytes() == before
    assert len(re.findall(r"\b[0-9a-f]{16}\b", done.stdout)) == len(take.take.segments) >= 3
    assert all(isinstance(segment.outcome, Final) for segment in take.take.segments.values())
