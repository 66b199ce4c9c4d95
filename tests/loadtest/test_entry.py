from tests.helpers.entries import collects_after_its_imports


def test_entry_collects_garbage_only_after_its_imports() -> None:
    assert collects_after_its_imports("loadtest.entry")
