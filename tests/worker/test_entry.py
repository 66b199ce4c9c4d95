from pathlib import Path

import pytest

from tests.helpers.entries import collects_after_its_imports, ended_without, interrupted_during


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("worker.entry")


@pytest.mark.parametrize("imported", ["runtime.memory", "worker.cli", "protocol.engine"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("worker.entry", imported) == (130, "")


def test_entry_names_the_extra_of_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    status, said = ended_without("worker.entry", "redis")
    assert status == 3 and "Traceback" not in said
    assert "redis is not installed: run " in said and "[worker]'\"" in said.rstrip()
    assert "redis is not installed" in (tmp_path / "logs" / "worker.jsonl").read_text()
