from pathlib import Path

import pytest

from tests.helpers.entries import collects_after_its_imports, ended_without, interrupted_during


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
