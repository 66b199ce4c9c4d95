import sys
from pathlib import Path

import pytest

from runtime.program_start import NO_MEMORY
from tests.helpers.entries import (
    collects_after_its_imports,
    ended_with_limit,
    ended_without,
    interrupted_during,
)


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("backend.cli.entry")


@pytest.mark.parametrize("imported", ["runtime.memory", "backend.cli.main", "backend.broker.jobs"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("backend.cli.entry", imported) == (130, "")


def test_entry_names_the_extra_of_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    status, message = ended_without("backend.cli.entry", "redis")
    assert status == 2 and "Traceback" not in message
    assert "redis is not installed: run " in message and "[gateway]'\"" in message.rstrip()
    assert "redis is not installed" in (tmp_path / "logs" / "gateway.jsonl").read_text()


@pytest.mark.parametrize("imported", ["runtime.memory", "backend.broker.jobs"])
def test_entry_ends_in_one_line_when_memory_is_used_up_during_imports(imported: str) -> None:
    assert interrupted_during("backend.cli.entry", imported, "MemoryError") == (1, f"{NO_MEMORY}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: limits of memory and files")
@pytest.mark.parametrize(
    ("limit", "value", "option"), [("RLIMIT_AS", 60_000_000, "-v"), ("RLIMIT_NOFILE", 12, "-n")]
)
def test_entry_names_the_limit_that_is_too_low(
    limit: str, value: int, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    status, message = ended_with_limit("backend.cli.entry", limit, value, "serve")
    assert (status, message.count("\n")) == (1, 1) and f"(ulimit {option}" in message
