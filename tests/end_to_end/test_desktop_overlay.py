"""Overlay of the running app: it keeps clear of the field that gets the text, and floats on Wayland too."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.core.area import Area
from app.hotkeys.compositor_lines import Compositor
from app.insertion.accessibility.text_reader import find_text
from app.insertion.outcome import Target
from app.ui.dictation.overlay_place import FROM_EDGE
from tests.helpers.accessible_desktop import start_bus, start_field
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.isolated_app import isolated
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_app import running_wayland_app
from tests.helpers.wayland_desktop import running_sway
from tests.helpers.wayland_eye import drawn, picture, swaymsg

pytestmark = [pytest.mark.serial("sound"), pytest.mark.timeout(300)]
SCREEN = Area(0, 0, 1280, 800)
_ANSWERS_S = 12.0
"""Longer than the app waits for the program of the field."""
_MOST_RECORDINGS = 5


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models, "--engine", "checksum", start=False) as app:
        start_bus(app.desktop)
        app.start()
        window, process = start_field(app.desktop, "field")
        app.desktop.xdotool("windowsize", "--sync", str(window), "1200", "120")
        app.desktop.xdotool("windowmove", "--sync", str(window), "20", "640")
        app.desktop.xdotool("type", "kia ora")
        target = Target(window, area=Area(20, 640, 1200, 120), process=process)
        wait_until_sync(lambda: tells_cursor(app, target), "the field is ready")
        yield app


def tells_cursor(app: DesktopApp, target: Target) -> bool:
    """Return whether the field's program reports its text cursor when it is asked once, as the app does."""
    place = asyncio.run(find_text(target, {"XDG_RUNTIME_DIR": str(app.desktop.folder)}))
    return place is not None and place.caret is not None


@pytest.fixture
def nothing_stays(app: DesktopApp) -> Iterator[None]:
    with isolated(app):
        yield


def overlays(app: DesktopApp) -> list[Area]:
    """Return the places of the visible overlay windows."""
    found = []
    for window in app.desktop.xdotool("search", "--onlyvisible", "--name", "^kikipounamu: overlay$").split():
        lines = app.desktop.xdotool("getwindowgeometry", "--shell", window).splitlines()
        named = {name: int(value) for name, value in (line.split("=") for line in lines)}
        found.append(Area(named["X"], named["Y"], named["WIDTH"], named["HEIGHT"]))
    return found


@contextmanager
def talking_in_field(app: DesktopApp) -> Iterator[tuple[Area, Area]]:
    """Record during the context, and yield the places of the field and its text cursor.

    The app asks for them once per recording, and on a busy computer the field may answer too late: then another
    recording follows. Tap the key: while a hotkey is held, X11 lets the field have no focus.
    """

    def known() -> dict[str, list[int]] | None:
        place: dict[str, list[int]] = app.view()["place"] or {}
        return place if place.get("caret") else None

    found = None
    for _ in range(_MOST_RECORDINGS):
        with app.talking(tapping=True):
            with suppress(AssertionError):
                found = wait_until_sync(known, "the program tells where its text is", _ANSWERS_S)
            if found:
                yield Area(*found["field"]), Area(*found["caret"])
                return
        app.wait_for("idle", "held", "cancelled")
    raise AssertionError("the program never told where its text is")


@pytest.mark.usefixtures("nothing_stays")
def test_overlay_moves_to_top_when_field_is_at_lower_edge(app: DesktopApp) -> None:
    with talking_in_field(app) as (field, caret):
        assert field.shared_pixels(SCREEN) == field.width * field.height and field.shared_pixels(caret)
        (shown,) = wait_until_sync(lambda: [one for one in overlays(app) if one.bottom < 400], "it is at the top")
        assert shown.shared_pixels(SCREEN) == shown.width * shown.height and not shown.shared_pixels(field)
        assert 40 <= shown.height <= 48, ("one row while all is well", app.view())


@pytest.mark.usefixtures("nothing_stays")
def test_overlay_is_beside_text_cursor_when_chosen(app: DesktopApp) -> None:
    app.set(general__overlay="cursor")
    with talking_in_field(app) as (field, caret):

        def above() -> list[Area]:
            return [one for one in overlays(app) if abs(one.x - caret.x) < 3 and 0 < caret.y - one.bottom < 80]

        (shown,) = wait_until_sync(above, "it is above the text cursor")
        assert not shown.shared_pixels(field)


@pytest.mark.usefixtures("nothing_stays")
def test_overlay_is_hidden_when_switched_off(app: DesktopApp) -> None:
    app.set(general__overlay="off")
    with talking_in_field(app):
        app.hear_on(0.5)
        assert not overlays(app)


def test_overlay_floats_above_full_screen_window_of_sway(models: Path) -> None:
    with running_wayland_app(models, running_sway, Compositor.SWAY, "--engine", "checksum") as app:
        desktop, field = app.desktop, TextField(app.desktop)
        swaymsg(desktop, "fullscreen enable")
        wait_until_sync(lambda: (picture(desktop)[200:-40, 40:-40] > 200).all(), "the field fills the screen")
        before = picture(desktop)[200:]  # without its text cursor, which blinks
        with app.talking(tapping=True):
            pill = wait_until_sync(lambda: drawn(picture(desktop)[200:], before, least=64), "the pill is seen")
            assert 200 + pill.bottom == SCREEN.bottom - FROM_EDGE and abs(pill.middle[0] - 640) <= 1
            assert desktop.focused == field.title and app.view()["window"] == list(SCREEN)
            desktop.tap("k")
            wait_until_sync(lambda: field.text == "k", "the field gets the keys")
        wait_until_sync(lambda: drawn(picture(desktop)[200:], before, least=64) is None, "the pill is gone")
        assert desktop.focused == field.title
