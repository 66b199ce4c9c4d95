from app.hotkeys.binding import KEYS, Modifier


def test_key_codes_are_unique_per_platform() -> None:
    for codes in ([key.windows for key in KEYS.values()], [key.mac for key in KEYS.values()]):
        known = [code for code in codes if code is not None]
        assert len(known) == len(set(known))


def test_every_modifier_has_a_left_and_a_right_key() -> None:
    sides = [f"{side}_{modifier}" for modifier in Modifier for side in ("left", "right")]
    assert [name for name, key in KEYS.items() if key.modifier] == sides


def test_function_keys_do_not_count_as_writing_keys() -> None:
    assert KEYS["d"].writes and KEYS["9"].writes and KEYS["space"].writes
    assert not any(KEYS[f"f{number}"].writes for number in range(1, 25))
