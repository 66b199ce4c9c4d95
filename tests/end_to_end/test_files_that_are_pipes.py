"""Test that a program names a pipe that stands in place of one of its files, and neither waits nor fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes are files on Unix only")

LONGEST_S = 120
TAKE = "data/takes/00000000-0000-0000-0000-000000000001"
FILES = (
    "config/settings.toml",
    "config/gateway.toml",
    "config/portal-permission.json",
    "run/gateway.json",
    "data/clock.json",
    "data/gateways.json",
    "data/lent.json",
    "data/devices.json",
    "data/gateway.key",
    "data/updates.json",
    "data/model-speeds.json",
    "data/history/index.sqlite",
    f"{TAKE}/audio.pcm16",
    f"{TAKE}/events.jsonl",
    "logs/app.jsonl",
    "logs/desktop.jsonl",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    for file in FILES:
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(home / file)
    return home


@pytest.mark.parametrize(
    ("program", "words", "status", "named"),
    [
        ("app", "status", 1, "config/settings.toml"),
        ("app", "takes list", 0, ""),
        ("app", "logs", 1, ""),
        ("backend", "check", 2, "config/gateway.toml"),
        ("backend", "devices list", 1, "data/devices.json"),
    ],
)
def test_program_names_a_pipe_in_place_of_a_file(
    home: Path, program: str, words: str, status: int, named: str
) -> None:
    environment = {**os.environ, "KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(home / "models")}
    code = f"import sys; from {program}.cli.entry import main; sys.argv = sys.argv[1:]; main()"
    command = [sys.executable, "-c", code, "program", *words.split()]
    ended = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST_S
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode == status and "Traceback" not in said, said
    if named:
        assert str(home / named) in (plain := " ".join(said.split())) and "it is no regular file" in plain, said
