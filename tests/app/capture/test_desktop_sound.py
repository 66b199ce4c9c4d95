"""One sound system per process; with and without a sound server: ``test_pulse.py``."""

from app.capture.desktop_sound import sound_system


def test_sound_system_is_one_of_a_process() -> None:
    assert sound_system() is sound_system()
