"""Commands with speakers, against the real chain."""

import json
from pathlib import Path

from protocol.endpoint import decode_endpoint
from tests.helpers.chain import KEY, Chain
from tests.loadtest.program import run, start

SHORT = "1695"
"""Seed with which the first session soon sends a short segment."""


def url_of(chain: Chain) -> str:
    return decode_endpoint(chain.endpoint_file().read_bytes()).url


def test_sessions_command_finds_every_digest_right(tmp_path: Path, chain: Chain) -> None:
    here = run(chain.root / "home", "sessions", "--count", "8", "--seconds", "6", "--pace", "0")
    named = ("--gateway", url_of(chain), "--key", KEY)
    there = run(tmp_path, "sessions", "--count", "2", "--seconds", "1.5", *named)
    assert here.returncode == 0, here.stderr + here.stdout
    summary = json.loads(here.stdout)
    assert (summary["sessions"], summary["lost_sessions"], summary["audio_s"]) == (8, 0, 48.0)
    assert summary["right"] == summary["segments"] >= 8
    assert summary["p50_ms"] <= summary["p95_ms"] <= summary["p99_ms"]
    assert there.returncode == 0, there.stderr + there.stdout


def test_scenario_commands_print_figures_and_write_reports(tmp_path: Path, chain: Chain) -> None:
    home = chain.root / "home"
    herd = start(home, "herd", "--clients", "3", "--ramp", "0", "--spread", "0.2", "--report", str(tmp_path / "h"))
    brief = ("--count", "1", "--minutes", "0.05", "--ramp", "0", "--seed", SHORT)
    streams = run(home, "streams", *brief, "--report", str(tmp_path / "s"))
    cut, _ = herd.communicate(timeout=60)
    planned = run(home, "plan", "--streams", "1000000", "--json")
    assert streams.returncode == 0, streams.stderr + streams.stdout
    assert json.loads(streams.stdout)["right"] >= 1
    assert (json.loads(cut)["back"]["returned"], json.loads(cut)["right"], herd.returncode) == (3, 6, 0)
    for scenario in ("h", "s"):
        assert "Flawless" in (tmp_path / scenario / "report.html").read_text()
        assert json.loads((tmp_path / scenario / "report.json").read_text())["complete"]
    assert planned.returncode == 1, "one worker is not enough for a million"
    assert json.loads(planned.stdout)["workers"] == 1


def test_command_with_a_wrong_key_is_not_flawless(tmp_path: Path, chain: Chain) -> None:
    done = run(tmp_path, "sessions", "--count", "1", "--gateway", url_of(chain), "--key", "wrong")
    assert done.returncode == 1
    assert "--key" in json.loads(done.stdout)["complaints"][0]
