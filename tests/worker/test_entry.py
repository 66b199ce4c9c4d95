import pytest

from tests.helpers.entries import collects_after_its_imports, interrupted_during


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("worker.entry")


@pytest.mark.parametrize("imported", ["runtime.memory", "worker.cli", "protocol.engine"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("worker.entry", imported) == (130, "")
