"""Test that no text reaches a wrong window while the focus moves hundreds of times a second."""

import sys
from collections.abc import Iterator

import pytest

from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import Insertion, InsertionResult
from tests.helpers.desktop import PATIENT_S, Desktop, TextField, running_desktop
from tests.helpers.waiting import wait_until


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with running_desktop(tmp_path_factory.mktemp("desktop"), tray=False) as found:
        yield found


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.proof(minutes=4))])
async def test_insertion_never_reaches_wrong_window_when_focus_changes(desktop: Desktop, count: int) -> None:
    right, wrong = TextField(desktop, f"right {count}"), TextField(desktop, f"wrong {count}")
    windows = right.focus(), wrong.focus()
    right.focus()
    inserter = await HelperInserter.on_x11(desktop.display, patience_s=PATIENT_S, grab_s=PATIENT_S)
    target = await inserter.target()
    assert target is not None and str(target.window) == windows[0]
    place = desktop.folder / f"changed {count}"
    changer = desktop.start(sys.executable, "-m", "tests.helpers.focus_changer", str(count), str(place), *windows)
    tried: list[Insertion] = []
    arrived: list[str] = []
    while changer.poll() is None:
        tried.append(await inserter.insert(text := f"{len(tried)} ", target))
        arrived += [text] * (tried[-1].how is InsertionResult.PASTED)
    await inserter.close()
    assert changer.wait() == 0 and place.exists()
    sys.stdout.write(f"{count} changes of the focus, {len(tried)} insertions, {len(arrived)} inserted\n")
    assert 0 < len(arrived) < len(tried)
    await right.shows("".join(arrived))
    wrong.focus()
    desktop.xdotool("key", "z")
    await wait_until(lambda: wrong.text, "the key arrives")
    assert wrong.text == "z" and wrong.pastes == []
