"""Test the whole desktop app on real compositors of Wayland: a key, a voice, and the text in another window.

``test_wayland_digits.py`` has all pairs, with a real model.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.hotkeys.compositor_lines import Compositor
from app.insertion.outcome import HoldReason
from app.insertion.wayland.contents import MOST_BYTES
from app.journal.take import TakeState
from tests.helpers.digit_dictation import (
    CHECKSUM,
    PAIRS,
    TARGETS,
    arrives,
    dictated,
    shows,
    waits_for_password_field,
)
from tests.helpers.isolated_app import isolated
from tests.helpers.wayland_app import Running, WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import running_labwc, running_sway

pytestmark = [pytest.mark.serial("wayland"), pytest.mark.timeout(300)]

COMPOSITORS: dict[str, Running] = {"sway": running_sway, "labwc": running_labwc}
ON_LABWC = [("foot", "html"), ("xterm", "moved")]


@pytest.fixture(scope="module", params=COMPOSITORS)
def app(models: Path, request: pytest.FixtureRequest) -> Iterator[WaylandApp]:
    name = Compositor(request.param)
    with running_wayland_app(models, COMPOSITORS[name], name, *CHECKSUM) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: WaylandApp) -> Iterator[None]:
    with isolated(app):
        yield


@pytest.mark.parametrize("app", ["sway"], indirect=True)
@pytest.mark.parametrize(("mode", "target", "situation"), PAIRS)
def test_text_arrives_on_sway(app: WaylandApp, mode: str, target: str, situation: str) -> None:
    arrives(app, mode, target, situation)


@pytest.mark.parametrize("app", ["labwc"], indirect=True)
@pytest.mark.parametrize(("target", "situation"), ON_LABWC)
def test_text_arrives_on_labwc(app: WaylandApp, target: str, situation: str) -> None:
    arrives(app, "toggle", target, situation)


@pytest.mark.parametrize("app", COMPOSITORS, indirect=True)
def test_text_waits_where_password_field_has_focus(app: WaylandApp) -> None:
    waits_for_password_field(app)


@pytest.mark.parametrize("app", COMPOSITORS, indirect=True)
def test_window_comes_in_front_on_request(app: WaylandApp) -> None:
    app.opened(TARGETS["Qt"], "in front")
    app.command("show")
    app.desktop.active("kikipounamu")


@pytest.mark.parametrize("app", ["sway"], indirect=True)
def test_command_copies_waiting_text_while_another_window_has_the_focus(app: WaylandApp) -> None:
    """The user has copied more than the app can save, so the text waits."""
    window = app.opened(TARGETS["Qt"], "too much copied")
    app.desktop.copy_all({"image/bmp": bytes(MOST_BYTES + 1)})
    take = dictated(app, "hold")
    assert (take.state, app.wait_for("held")["note"]["key"]) == (TakeState.HELD, HoldReason.CLIPBOARD_BUSY)
    app.command("copy-held")
    app.wait_until_nothing_is_held()
    app.desktop.tap("ctrl+v")
    shows(app, window, take.transcript.text)
    app.desktop.copy(b"")
