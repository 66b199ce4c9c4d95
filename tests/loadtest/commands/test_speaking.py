"""Commands with speakers, against the real chain."""

import json
from pathlib import Path

from tests.helpers.chain import KEY, running_chain
from tests.helpers.valkey import Broker
from tests.loadtest.program import run, start

SHORT = "1695"
"""Seed with which the first session soon sends a short segment."""


def test_sessions_command_finds_every_digest_right(tmp_path: Path, broker: Broker) -> None:
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


def test_scenario_commands_print_figures_and_write_reports(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        chain.gateway()
        chain.worker()
        home = tmp_path / "home"
        herd = start(
            home, "herd", "--clients", "3", "--ramp", "0", "--spread", "0.2", "--report", str(tmp_path / "h")
        )
        brief = ("--count", "1", "--minutes", "0.01", "--ramp", "0", "--seed", SHORT)
        streams = run(home, "streams", *brief, "--report", str(tmp_path / "s"))
        cut, _ = herd.communicate(timeout=60)
        told = run(home, "plan", "--streams", "1000000", "--json")
    assert streams.returncode == 0, streams.stderr + streams.stdout
    assert json.loads(streams.stdout)["right"] == 1
    assert (json.loads(cut)["back"]["returned"], json.loads(cut)["right"], herd.returncode) == (3, 6, 0)
    for scenario in ("h", "s"):
        assert "Flawless" in (tmp_path / scenario / "report.html").read_text()
        assert json.loads((tmp_path / scenario / "report.json").read_text())["complete"]
    assert told.returncode == 1, "one worker is not enough for a million"
    assert json.loads(told.stdout)["workers"] == 1


def test_command_with_a_wrong_key_is_not_flawless(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        done = run(tmp_path, "sessions", "--count", "1", "--gateway", endpoint.url, "--key", "wrong")
    assert done.returncode == 1
    assert "--key" in json.loads(done.stdout)["complaints"][0]
