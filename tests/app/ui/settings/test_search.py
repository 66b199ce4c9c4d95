"""Search in the settings: matching and marking of terms."""

from app.ui.settings.search import found, marked, terms


def test_search_needs_every_term_in_any_order() -> None:
    assert found(terms("KEY  held"), "key for held text")
    assert found(terms("ｈｅｌｄ"), "key for held text"), "letters of an input method"
    assert not found(terms("held nothing"), "key for held text")
    assert found(terms("  "), "")


def test_found_terms_are_marked_in_original_spelling() -> None:
    assert marked("Key for Keys", terms("key"), "x") == (
        '<span style="x">Key</span> for <span style="x">Key</span>s'
    )
    assert marked("粘贴暂存文字", terms("文字"), "x") == '粘贴暂存<span style="x">文字</span>'
    assert marked("a < b", terms("<"), "x") == 'a <span style="x">&lt;</span> b'


def test_longest_matching_term_is_marked() -> None:
    assert marked("hotkeys", terms("key keys"), "x") == 'hot<span style="x">keys</span>'
