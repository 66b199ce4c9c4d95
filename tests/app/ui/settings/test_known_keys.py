"""Keys that the windows name: only those that work on this desktop."""

from app.core.notes import Note
from app.ui.settings.known_keys import KnownKeys

KEYS = {"dictate": "f9", "cancel": "esc", "paste-held": "ctrl+alt+v"}
UNHEARD = Note("hotkeys-wayland")


def test_keys_of_the_settings_are_named_unless_the_desktop_assigned_others() -> None:
    known = KnownKeys()
    assert known.of(KEYS) == KEYS
    known.assigned = {"dictate": "super+f9"}
    assert known.of(KEYS) == KEYS | {"dictate": "super+f9"}


def test_only_keys_of_lines_are_named_where_programs_get_none() -> None:
    known = KnownKeys()
    known.refused(UNHEARD)
    assert (known.solved, known.of(KEYS)) == (False, KEYS)
    assert [known.reported(["dictate"]), known.reported(["dictate"])] == [True, False]
    assert (known.solved, known.of(KEYS)) == (True, {"dictate": "f9"})
    known.refused(None)
    assert known.of(KEYS) == {"dictate": "f9"}, "Esc still arrives nowhere"


def test_lines_beside_working_hotkeys_change_nothing() -> None:
    known = KnownKeys()
    known.reported(["dictate"])
    known.refused(Note("hotkey-taken", {"binding": "f9"}))
    assert not known.solved and known.of(KEYS) == KEYS


def test_no_key_is_named_where_shortcuts_of_the_desktop_run_commands() -> None:
    known = KnownKeys()
    known.refused(UNHEARD)
    known.nameless = True
    known.reported(["dictate"])
    assert (known.solved, known.of(KEYS)) == (True, {})
