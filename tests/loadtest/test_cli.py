"""Command line as a whole: its commands and wrong usage."""

from pathlib import Path

from tests.loadtest.program import run


def test_command_with_wrong_usage_ends_with_status_2(tmp_path: Path) -> None:
    assert run(tmp_path, "sessions", "--count", "0").returncode == 2
    assert run(tmp_path, "plan").returncode == 2
