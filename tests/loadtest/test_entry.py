import pytest

from tests.helpers.entries import collects_after_its_imports, interrupted_during


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("loadtest.entry")


@pytest.mark.parametrize("imported", ["runtime.memory", "loadtest.cli"])
def test_entry_ends_without_traceback_when_interrupted_during_imports(imported: str) -> None:
    assert interrupted_during("loadtest.entry", imported) == (130, "")
