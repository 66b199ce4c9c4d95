"""Command ``plan`` without a gateway."""

import json
from pathlib import Path

from tests.loadtest.program import run


def test_plan_command_reports_an_unreachable_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--streams", "1", "--gateway", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no connection to the gateway" in done.stderr


def test_plan_command_needs_no_gateway_for_workers_of_a_given_speed(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--speakers", "1000", "--rtf", "0.02", "--assume", "worker_price=1", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["forecast"]
    assert found["sizing"]["workers"] == 29
    assert found["sizing"]["per_hour"] == 29
    assert found["waits"]["p50"] > 0


def test_plan_command_refuses_unknown_assumptions_and_reports(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--speakers", "1", "--rtf", "1", "--assume", "luck=1")
    assert done.returncode == 1 and "unknown assumption 'luck'" in done.stderr
    done = run(tmp_path, "plan", "--speakers", "1", "--report", str(tmp_path / "report.json"))
    assert done.returncode == 1 and "cannot be read" in done.stderr
