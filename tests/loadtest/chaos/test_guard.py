"""Guard of stopped processes; as a process: ``test_standstill.py``."""

from loadtest.chaos.guard import left_standing


def test_only_what_was_not_released_is_left_standing() -> None:
    assert left_standing(["+1\n", "+2\n", "-1\n", "-3\n", "\n", "+x\n", "+4"]) == {2, 4}
