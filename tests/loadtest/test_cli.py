"""Command line as a whole: its commands and wrong usage."""

from pathlib import Path

import pytest

from tests.loadtest.program import run


def test_command_with_wrong_usage_ends_with_status_2(tmp_path: Path) -> None:
    assert run(tmp_path, "sessions", "--count", "0").returncode == 2
    assert run(tmp_path, "plan").returncode == 2


@pytest.mark.parametrize(
    ("value", "why"), [("nan", "nan is not a finite number"), ("inf", "inf is not in the range 0.001<=x<=86400.0")]
)
def test_option_that_is_no_finite_number_is_refused_without_traceback(
    tmp_path: Path, value: str, why: str
) -> None:
    done = run(tmp_path, "sessions", "--seconds", value)
    assert done.returncode == 2 and f"Invalid value for '--seconds': {why}" in done.stderr
    assert "Traceback" not in done.stderr
