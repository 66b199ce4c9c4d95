"""Tests of ``kikipounamu doctor`` as users run it, in an empty and in a complete setup."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.diagnostics.checks.finding import Topic
from tests.helpers.chain import running_chain
from tests.helpers.virtual_microphone import virtual_microphones
from tests.helpers.waiting import wait_until_sync

PROGRAM = str(Path(sys.executable).parent / "kikipounamu")
NOWHERE = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE")


def environment(home: Path, base: dict[str, str] | None = None) -> dict[str, str]:
    found = os.environ if base is None else base
    kept = {name: value for name, value in found.items() if name not in NOWHERE}
    return kept | {"KIKIPOUNAMU_HOME": str(home)}


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        refused.close()
        return False


def test_doctor_reports_problems_when_setup_is_empty(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "bundle.zip"
    done = subprocess.run(
        [PROGRAM, "doctor", "--no-microphone", "--bundle", str(place)],
        env=environment(home) | {"ALSA_CONFIG_PATH": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (1, ""), done.stderr
    assert "Run kikipounamu models get fsmn-vad whisper-base" in done.stdout
    assert "everything else is well." in done.stdout and "{" not in done.stdout
    assert not (home / "logs").exists() and not (home / "data").exists()
    with zipfile.ZipFile(place) as archive:
        result = archive.read("doctor.json").decode()
        assert "settings.json" in archive.namelist()
    assert "models-missing" in result and str(tmp_path) not in result


@pytest.mark.serial("sound")
def test_doctor_reports_no_problems_when_everything_works(tmp_path: Path, models: Path) -> None:
    sound = tmp_path / "sound.wav"
    soundfile.write(sound, 0.1 * np.sin(np.arange(8_000) / 4), 16_000)
    with virtual_microphones("desk") as (desk,), running_chain(tmp_path, quiet=True) as chain:
        _, endpoint = chain.gateway()
        chain.worker()
        wait_until_sync(lambda: is_ready(endpoint.url), "somebody recognises")
        command = [PROGRAM, "doctor", "--json", "--engine", "checksum"]
        own = environment(tmp_path / "home", desk.environment) | {"KIKIPOUNAMU_MODELS": str(models)}
        with subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None:  # keep playing, because it may listen at any time
                desk.play(sound)
            out, err = process.communicate(timeout=60)
    result = json.loads(out)
    severities = {(one["key"], one["severity"]) for one in result["findings"]}
    assert [one for one in result["findings"] if one["severity"] == "problem"] == []
    assert (process.returncode, err) == (0, b"")
    well = ("microphone-heard", "vad-hears", "models-whole", "disk-takes", "gateway-ready", "broker-embedded")
    assert {(key, "ok") for key in well} <= severities
    assert {one["key"] for one in result["findings"] if one["severity"] != "ok"} == {"session-none"}
    assert {one["area"] for one in result["findings"]} <= set(Topic)


def test_doctor_exits_with_status_2_for_unknown_option(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "doctor", "--sing"], env=environment(tmp_path), capture_output=True, timeout=60
    )
    assert done.returncode == 2
