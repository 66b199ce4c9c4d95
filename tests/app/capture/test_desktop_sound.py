"""The sound system exists once per process. ``test_pulse.py`` covers it with and without a sound server."""

from app.capture.desktop_sound import sound_system


def test_sound_system_is_shared_within_a_process() -> None:
    assert sound_system() is sound_system()
