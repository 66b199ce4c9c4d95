"""Functions of ``libpulse`` are found, and a computer without the library causes no error."""

from app.capture.pulse_library import pulse_library
from tests.helpers.packages import require
from tests.helpers.virtual_microphone import SOUND


def test_library_functions_are_callable_with_types() -> None:
    require(SOUND)
    library = pulse_library()
    assert library is not None and library is pulse_library()
    assert library.strerror(0) == b"OK"


def test_missing_pulse_library_gives_none() -> None:
    assert pulse_library("libpulse-that-is-not-there.so.0") is None
