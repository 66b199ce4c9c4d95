"""Insertion into real windows of real compositors."""

import pytest

from app.insertion.outcome import Insertion, InsertionResult
from app.insertion.wayland.inserter import WaylandInserter
from tests.helpers.desktop import PATIENT_S, Terminal, TextField
from tests.helpers.wayland_desktop import WaylandDesktop

TEXT = "Hello 你好 — naïve 😀 "
PASTED = Insertion(InsertionResult.PASTED)


class Foot(Terminal):
    program = ("foot", "--config=/dev/null", "--title={title}")


@pytest.fixture(params=["sway", "labwc"])
def desktop(request: pytest.FixtureRequest) -> WaylandDesktop:
    found: WaylandDesktop = request.getfixturevalue(request.param)
    return found


async def test_text_arrives_exactly_and_the_clipboard_returns(desktop: WaylandDesktop) -> None:
    before = {"text/html": b"<b>b</b>", "image/png": bytes(range(256)) * 1000, "text/plain;charset=utf-8": b"b"}
    desktop.copy_all(before)
    inserter = await WaylandInserter.open(desktop.environment, patience_s=PATIENT_S)
    for kind in (TextField, Foot, Terminal):
        window = kind(desktop, kind.__name__)
        for times in (1, 2):
            target = await inserter.target()
            assert target is not None
            assert await inserter.insert(TEXT, target) == PASTED
            await window.shows(TEXT * times)
    await inserter.close()
    assert desktop.copied_as() == before
