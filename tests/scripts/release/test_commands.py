import sys
from pathlib import Path

import pytest

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused


def test_run_returns_standard_output(tmp_path: Path) -> None:
    assert run(sys.executable, "-c", "import os; print(os.getcwd())", cwd=tmp_path) == f"{tmp_path}\n"


def test_run_refuses_with_the_output_when_the_command_fails() -> None:
    with pytest.raises(ReleaseRefused, match="the reason") as refused:
        run(sys.executable, "-c", "import sys; sys.exit('the reason')", kind=Refusal.CHECK_FAILED)
    assert refused.value.kind is Refusal.CHECK_FAILED


def test_run_names_the_program_when_it_is_missing() -> None:
    with pytest.raises(ReleaseRefused, match="install no-such-tool") as refused:
        run("no-such-tool")
    assert refused.value.kind is Refusal.TOOL_MISSING
