"""Time of the overlay on Wayland: from a view until sway has shown the picture of its layer surface."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.core.states import State
from app.dictation.view import View
from benchmarks.app_figures import Figure, spread
from tests.helpers.waiting import DEADLINE_S
from tests.helpers.wayland_desktop import running_sway

SHOWINGS = 50
_BUDGET_MS = 25.0  # half of the budget from key-down to the overlay
_PAUSE_S = 0.1


def layer() -> Iterator[Figure]:
    """Measure the time until the first picture of each showing has been shown.

    The compositor tells it. A view reaches the windows within a millisecond or two of the key.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from app.ui.dictation.overlay import Overlay
    from app.ui.dictation.overlay_layer import OverlayLayer
    from app.ui.dictation.overlay_wayland import WaylandOverlay
    from app.ui.strings.texts import Texts
    from app.ui.theme.theme import Theme

    application, theme = QApplication.instance() or QApplication([]), Theme()

    def until(happened: Callable[[], object]) -> None:
        end = time.perf_counter() + DEADLINE_S
        while not happened():
            assert time.perf_counter() < end, "no overlay is seen"
            application.processEvents()

    with tempfile.TemporaryDirectory() as folder, running_sway(Path(folder)) as desktop:
        overlay = WaylandOverlay(theme, Texts("en"), desktop.environment, Path(folder, "hint"))
        drawn = list[float]()
        until(lambda: overlay.shown)
        assert isinstance(overlay.shown, Overlay)
        surface = overlay.shown.surface
        assert isinstance(surface, OverlayLayer)
        for _ in range(SHOWINGS):
            time.sleep(_PAUSE_S)
            at = time.perf_counter()
            overlay.show_view(View(State.ARMING))
            until(lambda: surface.layer and surface.layer.output and surface.layer.ready)
            drawn.append(1000 * (time.perf_counter() - at))
            overlay.show_view(View())
        overlay.close()
    yield spread("view to layer surface, sway", drawn, "ms", 0.95, _BUDGET_MS)
