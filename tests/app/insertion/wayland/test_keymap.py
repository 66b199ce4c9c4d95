"""Excerpts of keymaps, in the form in which compositors send them."""

import pytest

from app.insertion.wayland.keymap import STANDARD_PLACES, KeyPlaces, Place, codes_of, key_places

CODES = """xkb_keymap { xkb_keycodes "(unnamed)" { minimum = 8; maximum = 255;
    <AC10> = 47; <AB04> = 55; <AB09> = 60; <AD06> = 29; <LCTL> = 37; <CAPS> = 66; <LFSH> = 50; <INS> = 118;
    alias <LALT> = <ALT>; };
xkb_symbols "(unnamed)" {
    name[Group1]="a layout";
    key <LFSH> { [ Shift_L ] };
"""
CONTROL = "key <LCTL> { [ Control_L ] };"
INSERT = "key <INS> { [ Insert ] };"
LATIN = "key <AB04> { [ v, V ] };"
GERMAN = """key <AB04> {
        type= "FOUR_LEVEL_SEMIALPHABETIC",
        symbols[Group1]= [ v, V, doublelowquotemark, singlelowquotemark ] };"""
DVORAK = "key <AB04> { [ k, K ] }; key <AB09> { [ v, V ] };"
RUSSIAN = "key <AB04> { [ Cyrillic_em, Cyrillic_EM ] };"
RUSSIAN_FIRST = """key <AB04> {
        type[Group1]= "ALPHABETIC", type[Group2]= "ALPHABETIC",
        symbols[Group1]= [ Cyrillic_em, Cyrillic_EM ],
        symbols[Group2]= [ v, V ] };"""
NEWER = "key <AB04> { symbols[1]= [ v, V ], symbols[2]= [ Cyrillic_em, Cyrillic_EM ] };"
SWAPPED = "key <CAPS> { [ Control_L ] }; key <LCTL> { [ Caps_Lock ] };"


def keymap(*keys: str) -> str:
    return CODES + "\n".join(keys) + "\n}; };"


@pytest.mark.parametrize("keys", [LATIN, GERMAN, NEWER])
def test_keys_that_paste_are_found(keys: str) -> None:
    assert key_places(keymap(keys, CONTROL, INSERT)) == STANDARD_PLACES


def test_v_is_found_where_dvorak_has_it() -> None:
    assert key_places(keymap(DVORAK, CONTROL, INSERT)) == KeyPlaces(Place(52), Place(110), Place(29), Place(42))


def test_v_is_found_in_another_group() -> None:
    found = key_places(keymap(RUSSIAN_FIRST, CONTROL, INSERT))
    assert found is not None and found.v == Place(47, 1)


def test_control_is_found_where_the_user_has_moved_it() -> None:
    found = key_places(keymap(LATIN, SWAPPED, INSERT))
    assert found is not None and found.control == Place(58)


@pytest.mark.parametrize("keys", [(RUSSIAN, CONTROL, INSERT), (LATIN, CONTROL), (LATIN, INSERT), ()])
def test_keymap_without_a_key_that_pastes_has_no_places(keys: tuple[str, ...]) -> None:
    assert key_places(keymap(*keys)) is None
    assert key_places("") is None


@pytest.mark.parametrize(
    ("keys", "codes"),
    [(LATIN, {47}), (DVORAK, {52}), (f"{LATIN} {DVORAK}", {47, 52}), (RUSSIAN_FIRST, {47}), ("", set())],
)
def test_all_keys_that_give_a_symbol_are_found(keys: str, codes: set[int]) -> None:
    assert codes_of(keymap(keys), "v") == codes
