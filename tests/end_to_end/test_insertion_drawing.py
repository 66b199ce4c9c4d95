"""Test insertion by a program with a visible, drawing window: the X server keeps answering."""

import sys
from pathlib import Path

import pytest

from tests.helpers.desktop import PATIENT_S, TextField, running_desktop
from tests.helpers.drawing_app import TITLE
from tests.helpers.moving_pointer import MovingPointer, moving_pointer
from tests.helpers.waiting import DEADLINE_S, wait_until_sync


def outcomes(place: Path) -> list[str]:
    return place.read_text().splitlines() if place.exists() else []


def wait_for_all(pointer: MovingPointer, place: Path, count: int) -> None:
    """Wait until every text was tried; fail if the server stops answering."""

    def over() -> bool:
        assert pointer.silent_s < PATIENT_S / 2, f"no answer after {len(outcomes(place))} texts"
        return len(outcomes(place)) == count

    wait_until_sync(over, "all texts are inserted", 2 * DEADLINE_S)


@pytest.mark.parametrize("count", [60, pytest.param(200, marks=pytest.mark.proof(minutes=1))])
def test_server_answers_while_visible_window_changes_and_texts_are_inserted(tmp_path: Path, count: int) -> None:
    with running_desktop(tmp_path, tray=False) as desktop:
        place = tmp_path / "outcomes"
        app = desktop.start(sys.executable, "-m", "tests.helpers.drawing_app", str(count), str(place))
        desktop.window(TITLE)
        field = TextField(desktop)
        try:
            with moving_pointer(desktop.display) as pointer:
                wait_for_all(pointer, place, count)
            assert app.wait(DEADLINE_S) == 0
        finally:
            app.kill()  # with an unresponsive server no program would end
        assert outcomes(place) == ["pasted "] * count
        text = "".join(f"{number} " for number in range(count))
        wait_until_sync(lambda: field.text == text, "all texts are there, once")
        sys.stdout.write(f"{pointer.answers} answers, the longest after {1000 * pointer.longest_s:.1f} ms\n")
