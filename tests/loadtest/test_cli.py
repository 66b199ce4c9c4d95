"""The operator's command, against the real chain."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.chain import KEY, running_chain
from tests.helpers.valkey import Broker

PROGRAM = str(Path(sys.executable).parent / "kikipounamu-loadtest")


def run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(home)}
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def test_every_digest_of_every_session_is_right(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker()
        here = run(tmp_path / "home", "sessions", "--count", "8", "--seconds", "6", "--pace", "0")
        there = run(
            tmp_path, "sessions", "--count", "2", "--seconds", "1.5", "--gateway", endpoint.url, "--key", KEY
        )
    assert here.returncode == 0, here.stderr + here.stdout
    summary = json.loads(here.stdout)
    assert (summary["sessions"], summary["lost_sessions"], summary["audio_s"]) == (8, 0, 48.0)
    assert summary["right"] == summary["segments"] >= 8
    assert summary["p50_ms"] <= summary["p95_ms"] <= summary["p99_ms"]
    assert there.returncode == 0, there.stderr + there.stdout


def test_no_gateway_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "sessions")
    assert done.returncode == 1
    assert "kikipounamu up" in done.stderr
    assert done.stdout == ""


def test_a_wrong_key_is_not_flawless(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        done = run(tmp_path, "sessions", "--count", "1", "--gateway", endpoint.url, "--key", "wrong")
    assert done.returncode == 1
    assert "--key" in json.loads(done.stdout)["complaints"][0]


def test_wrong_usage(tmp_path: Path) -> None:
    assert run(tmp_path, "sessions", "--count", "0").returncode == 2
    assert run(tmp_path, "sessions", "--pace", "-1").returncode == 2
