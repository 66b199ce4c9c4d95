from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Note
from app.hotkeys.binding import KEYS, Binding, Modifier, parse
from app.hotkeys.errors import HotkeyUnknown

MODIFIERS = st.frozensets(st.sampled_from(Modifier))


def usable(binding: Binding) -> bool:
    if binding.lone:
        return not binding.modifiers
    return not binding.key.writes or bool(binding.modifiers - {Modifier.SHIFT})


BINDINGS = st.builds(Binding, st.sampled_from(sorted(KEYS)), MODIFIERS)


@given(BINDINGS)
def test_canonical_text_parses_to_the_same_binding(binding: Binding) -> None:
    if usable(binding):
        assert parse(str(binding)) == binding
    else:
        with pytest.raises(HotkeyUnknown):
            parse(str(binding))


@given(BINDINGS.filter(usable), st.randoms(use_true_random=False))
def test_parse_ignores_order_case_and_spaces(binding: Binding, chance: Random) -> None:
    *held, name = str(binding).split("+")
    chance.shuffle(held)
    assert parse(" + ".join([*held, name]).upper()) == binding


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("Control+Option+D", "ctrl+alt+d"),
        ("cmd+shift+Space", "shift+super+space"),
        ("Right Control", "right_ctrl"),
        ("left-cmd", "left_super"),
        ("Escape", "esc"),
        ("PgUp", "page_up"),
    ],
)
def test_parse_accepts_alternative_names(text: str, usual: str) -> None:
    assert str(parse(text)) == usual


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends without a key; examples: f9"),
        ("ctrl+", "ends without a key"),
        ("f99", "no key is called 'f99'; examples"),
        ("hyper+x", "'hyper' is none of ctrl, alt, shift, super"),
        ("d", "could not write with d any more: add ctrl, alt or super"),
        ("shift+d", "could not write with d any more"),
        ("ctrl", "say which one: left_ctrl or right_ctrl"),
        ("alt+right_ctrl", "right_ctrl is a modifier: use it alone"),
    ],
)
def test_error_for_an_invalid_binding_says_what_is_valid(text: str, says: str) -> None:
    with pytest.raises(HotkeyUnknown, match="cannot be a hotkey") as error:
        parse(text)
    assert says in str(error.value)


@given(st.text(max_size=30))
def test_parse_raises_only_hotkey_unknown(text: str) -> None:
    try:
        assert str(parse(text))
    except HotkeyUnknown as error:
        assert error.note == Note("hotkey-unknown", {"binding": text})
