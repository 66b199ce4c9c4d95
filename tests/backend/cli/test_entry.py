import pytest

from tests.helpers.entries import collects_after_its_imports, interrupted_during


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("backend.cli.entry")


@pytest.mark.parametrize("imported", ["runtime.memory", "backend.cli.main", "backend.broker.jobs"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("backend.cli.entry", imported) == (130, "")
