"""Test that a held text is pasted until it has arrived, and found however late that was."""

from collections.abc import Iterator
from typing import Any, cast

from app.insertion.outcome import HoldReason
from tests.helpers.digit_dictation import App
from tests.helpers.pasting import TRIES, paste, texts_in

BUSY, GONE = HoldReason.NOT_READ, HoldReason.INTERRUPTED
NOTHING = (0, "", 0)


class Held:
    """An app that shows these counts of held texts, notes and numbers of notes, one by one, after each press."""

    def __init__(self, *after_presses: list[tuple[int, str, int]]) -> None:
        self.presses = 0
        self._after = after_presses
        self._views: Iterator[tuple[int, str, int]] = iter(())
        self._last: tuple[int, str, int] = (1, GONE, 1)

    def paste_held(self) -> None:
        self._views = iter(self._after[self.presses])
        self.presses += 1

    def view(self) -> dict[str, Any]:
        held, note, number = self._last = next(self._views, self._last)
        return {"held": held, "note": {"key": note} if note else None, "note_until": float(number)}


def pasted(app: Held, reason: str = GONE) -> str:
    return paste(cast("App", app), reason)


def test_paste_ends_once_the_text_has_arrived() -> None:
    app = Held([(1, GONE, 1), NOTHING])
    assert pasted(app) == ""
    assert app.presses == 1


def test_paste_waits_for_the_note_of_its_second_press() -> None:
    first, second = [(1, GONE, 1), (1, "", 0), (1, BUSY, 2)], [(1, BUSY, 2), (1, "", 0), (1, BUSY, 3)]
    app = Held(first, second, [(1, "", 0), NOTHING])
    assert pasted(app) == ""
    assert app.presses == 3


def test_text_with_unknown_outcome_is_not_pasted_again() -> None:
    app = Held([(1, GONE, 1), (1, HoldReason.UNCERTAIN, 2)])
    assert pasted(app) == HoldReason.UNCERTAIN
    assert pasted(Held(), HoldReason.UNCERTAIN) == HoldReason.UNCERTAIN
    assert app.presses == 1


def test_paste_gives_up_on_text_that_is_never_read() -> None:
    app = Held(*([(1, str(BUSY), number)] for number in range(2, 2 + TRIES)))
    assert pasted(app) == BUSY
    assert app.presses == TRIES


def test_texts_are_found_without_a_space_between_them() -> None:
    first, second, third = "e333c8f623e8b072", "d4aebb330cc3c5e9", "2f0b5189cc94eefd"
    assert texts_in(f"{first}{second} {third}") == [first, second, third]
