from scripts.release.errors import Refusal, ReleaseRefused


def test_refusal_begins_with_its_kind_for_programs_that_read_it() -> None:
    text = str(ReleaseRefused(Refusal.TREE_NOT_CLEAN, "commit first"))
    assert text == "release refused (tree-not-clean): commit first"
