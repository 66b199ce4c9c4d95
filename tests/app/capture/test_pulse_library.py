"""The functions of libpulse are found, and a computer without it is no error."""

from app.capture.pulse_library import pulse_library
from tests.helpers.packages import require
from tests.helpers.virtual_microphone import SOUND


def test_functions_of_the_library_are_typed() -> None:
    require(SOUND)
    library = pulse_library()
    assert library is not None and library is pulse_library()
    assert library.strerror(0) == b"OK"


def test_missing_library_is_no_library() -> None:
    assert pulse_library("libpulse-that-is-not-there.so.0") is None
