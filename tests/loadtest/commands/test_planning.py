"""Command ``plan`` without a gateway."""

from pathlib import Path

from tests.loadtest.program import run


def test_plan_command_reports_an_unreachable_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--streams", "1", "--gateway", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no connection to the gateway" in done.stderr
