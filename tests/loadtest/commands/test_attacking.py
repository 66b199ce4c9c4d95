"""Command ``hostile`` without a gateway; with one: ``tests/end_to_end/test_hostile.py``."""

from pathlib import Path

from tests.loadtest.program import run


def test_hostile_command_reports_a_missing_gateway(tmp_path: Path) -> None:
    done = run(tmp_path, "hostile", "--hostile-key", "k")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kikipounamu up" in done.stderr
