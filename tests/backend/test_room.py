"""Whose audio is taken while a gateway holds much of it."""

from hypothesis import given
from hypothesis import strategies as st

from backend.room import Held, crowded_out, describe, full
from protocol.job import CLASSES

MOST = 2 * 2 * 100
"""Bytes: 200 samples, 100 for each."""

holds = st.builds(Held, st.integers(0, 250), st.integers(0, 250))


@given(holds)
def test_each_has_half_and_people_have_what_files_leave(held: Held) -> None:
    everybody = held.speech + held.files >= 200
    assert ("bulk" in full(held, MOST)) == (held.files >= 100 or everybody)
    assert ("interactive" in full(held, MOST)) == (held.speech >= 100 or everybody)
    assert ("bulk" in crowded_out(held, MOST)) == (held.files >= 100 or everybody)
    assert ("interactive" in crowded_out(held, MOST)) == everybody


@given(st.integers(0, 99), st.integers(100, 10_000))
def test_files_keep_nobody_out_who_speaks(speech: int, files: int) -> None:
    """As long as they keep to their half, which they exceed by what comes within a second."""
    assert "interactive" not in full(Held(speech, min(files, 100)), MOST)


def test_what_is_said_is_how_much_it_is() -> None:
    assert "3 s of audio" in describe(Held(16_000, 32_000))
    assert full(Held(), MOST) == crowded_out(Held(), MOST) == frozenset()
    assert full(Held(10**6), MOST) == frozenset(CLASSES)
