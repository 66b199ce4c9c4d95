"""Test ``make run`` as a new user without a display: download the models, dictate the samples."""

import os
import re
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.helpers.chain import BIN

pytestmark = [pytest.mark.serial("sound"), pytest.mark.timeout(300)]

MODELS = ("fsmn-vad", "whisper-base")
WORST_PERCENT = 15.0  # whisper-base on clean speech: 0 % of the words and 8 % of the characters were wrong


def run(home: Path, models: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with a clean environment, except for the source of the models."""
    ours = ("KIKIPOUNAMU_", "XDG_", "DISPLAY")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"HOME": str(home), "TMPDIR": str(home), "KIKIPOUNAMU_MODEL_SOURCE": str(models)}
    return subprocess.run(
        [str(BIN / "kikipounamu"), *command], env=environment, capture_output=True, text=True, timeout=240
    )


def ours_running(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get("HOME") == str(home):
            found.append(process)
    return found


def test_new_user_dictates_the_samples(tmp_path: Path, models: Path) -> None:
    fetched = run(tmp_path, models, "models", "get", *MODELS)
    assert fetched.returncode == 0, fetched.stderr
    demo = run(tmp_path, models, "demo")
    assert demo.returncode == 0, demo.stderr
    assert re.search(r"letter to my sister", demo.stdout) and re.search(r"电脑", demo.stdout)
    errors = dict(re.findall(r"(WER|CER) +([\d.]+)%", demo.stdout))
    assert set(errors) == {"WER", "CER"} and all(float(share) <= WORST_PERCENT for share in errors.values())
    segments = re.findall(r"^\[[\d.]+-[\d.]+ s\] \S", demo.stdout, re.MULTILINE)
    timings = re.findall(r"upload \d+, queue \d+, decode \d+, deliver \d+", demo.stdout)
    assert len(segments) == len(timings) >= 4
    for state in ("Reading", "Recognising", "Done"):
        assert re.search(rf"\.flac: {state}", demo.stderr), demo.stderr
    assert not ours_running(tmp_path)
