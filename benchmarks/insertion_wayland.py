"""Time from the insertion call until the target has the text, on headless compositors of Wayland.

    python -m benchmarks.insertion_wayland [--desktops "sway labwc"] [--texts 50] [--json FILE]

The texts follow each other in one window, as sentences do. Before each, a picture and HTML are copied, which the
inserter saves and restores. ``call``: until the inserter returns, after the target has read the text. ``shown``:
until the program has written its contents into a file. The 50 ms for clipboard managers are included.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import InsertionResult
from benchmarks.report import Row, arguments, report
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.waiting import wait_until
from tests.helpers.wayland_desktop import FootTerminal, GtkField, WaylandDesktop, running_labwc, running_sway

GOAL_MS: Final = 100.0
_DESKTOPS: Final = {"sway": running_sway, "labwc": running_labwc}
_TARGETS: Final[dict[str, type[TextField | Terminal]]] = {
    "GTK 4": GtkField,
    "Qt": TextField,
    "foot": FootTerminal,
    "xterm (XWayland)": Terminal,
}
_SPEAKING_S: Final = 0.8  # from the beginning of a sentence to its text
_COPIED: Final = {"image/png": bytes(range(256)) * 400, "text/html": b"<b>before</b>"}


class Window:
    """A window of the target, and its expected text."""

    def __init__(self, desktop: WaylandDesktop, kind: type[TextField | Terminal], title: str) -> None:
        self._window, self._expected = kind(desktop, title), ""
        self._place = desktop.folder / f"{title}.{'typed' if issubclass(kind, Terminal) else 'txt'}"

    async def insert(self, inserter: HelperInserter, text: str) -> tuple[float, float]:
        """Insert a text as after speech; return the ms until the call returned, and until the text was there."""
        target = await inserter.target()
        await asyncio.sleep(_SPEAKING_S)
        began, began_at = time.perf_counter(), time.time()
        done = await inserter.insert(text, target)
        took = 1000 * (time.perf_counter() - began)
        assert done.how is InsertionResult.PASTED, done
        self._expected += text
        await wait_until(lambda: self._window.text == self._expected, "the program has the text")
        return took, 1000 * (self._place.stat().st_mtime - began_at)


async def measure(desktop: WaylandDesktop, name: str, texts: int) -> list[Row]:
    """Insert texts into each kind of target; return their figures."""
    rows = list[Row]()
    inserter = await HelperInserter.on_wayland(desktop.environment)
    for target, kind in _TARGETS.items():
        window, took = Window(desktop, kind, kind.__name__), list[tuple[float, float]]()
        for number in range(texts):
            await asyncio.to_thread(desktop.copy_all, _COPIED)
            took.append(await window.insert(inserter, f"Sentence {number} 第{number}句。"))
        call, shown = zip(*took, strict=True)
        figures = _figures("call", call) | _figures("shown", shown)
        rows.append({"desktop": name, "target": target, "texts": texts} | figures)
    await inserter.close()
    return rows


def _figures(name: str, took: tuple[float, ...]) -> dict[str, float]:
    p95 = statistics.quantiles(took, n=20)[-1]
    return {f"{name}_median_ms": statistics.median(took), f"{name}_p95_ms": p95, f"{name}_slowest_ms": max(took)}


def main() -> None:
    """Measure on each desktop, and print and save the figures."""
    options = arguments(__doc__, desktops="sway", texts=50)
    rows = list[Row]()
    for name in options.desktops.split():
        with tempfile.TemporaryDirectory() as folder, _DESKTOPS[name](Path(folder)) as desktop:
            rows += asyncio.run(measure(desktop, name, options.texts))
    report(f"Insertion on Wayland, goal {GOAL_MS:.0f} ms (p95)", rows, options.json, "insertion-wayland")


if __name__ == "__main__":
    main()
