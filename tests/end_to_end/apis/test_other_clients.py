"""Clients from the package indexes, unmodified, each in its own environment, and Whisper behind a gateway."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from backend.devices.records import DeviceStore
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import running_api_chain
from tests.helpers.api_programs import OPENAI_NPM, PROGRAMS, ClientProgram
from tests.helpers.api_speakers import wav
from tests.helpers.waiting import wait_until_sync

SENTENCE = "Please remember to water the plants before you leave the house."
LONGEST_S = 240.0


@contextmanager
def gateway(root: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Run a gateway and a worker with Whisper; write the speech to ``speech.wav``."""
    speech = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(24_000, np.int16)])
    (root / "speech.wav").write_bytes(wav(speech))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    with running_api_chain(root, "--engine", "whisper", "--model", "whisper-base") as (_, endpoint):
        yield endpoint


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> list[str]:
    """Run a command, and return the lines of its output."""
    whole = os.environ | {"PYTHONPATH": ""} | (env or {})
    done = subprocess.run(
        command, cwd=cwd, env=whole, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
    return done.stdout.splitlines()


def installed(program: ClientProgram, folder: Path) -> Path:
    """Make an environment with the packages of a program; return its Python."""
    run(sys.executable, "-m", "venv", "environment", cwd=folder)
    python = folder / "environment" / "bin" / "python"
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, *program.packages, cwd=folder)
    if program.alone:
        run(*pip, "--no-deps", *program.alone, cwd=folder)
    (folder / "program.py").write_text(program.code)
    return python


def shared_port(log: Path) -> int:
    """Return the port for other computers that a gateway has logged, or 0."""
    result = map(json.loads, log.read_text().splitlines() if log.exists() else ())
    return next((int(said["port"]) for said in result if said["event"] == "gateway.shared"), 0)


@pytest.mark.proof(minutes=4)
@pytest.mark.parametrize("name", PROGRAMS)
def test_client_gets_the_sentence(
    name: str, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = PROGRAMS[name]
    python = installed(program, tmp_path)
    with gateway(tmp_path, models, monkeypatch) as endpoint:
        about = endpoint.url, endpoint.key, str(tmp_path / "speech.wav")
        lines = run(str(python), "program.py", *about, cwd=tmp_path)
    assert lines[-program.texts :] == [SENTENCE] * program.texts


@pytest.mark.proof(minutes=2)
def test_client_of_npm_gets_the_sentence(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the client over TLS, which its live part always uses."""
    run("npm", "install", "--silent", *OPENAI_NPM.packages, cwd=tmp_path)
    (tmp_path / "program.mjs").write_text(OPENAI_NPM.code)
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config" / "gateway.toml").write_text('mode = "shared"\nport = 0\nannounce = false\n')
    _, key = DeviceStore(tmp_path / "home" / "data" / "devices.json").add("a program", DeviceKind.CLIENT, 0)
    with gateway(tmp_path, models, monkeypatch):
        port = wait_until_sync(lambda: shared_port(tmp_path / "home" / "logs" / "gateway.jsonl"), "TLS is on")
        about = f"https://127.0.0.1:{port}", key, str(tmp_path / "speech.wav")
        untrusted = {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}  # the certificate is the gateway's own
        lines = run("node", "program.mjs", *about, cwd=tmp_path, env=untrusted)
    assert lines == [SENTENCE] * OPENAI_NPM.texts
