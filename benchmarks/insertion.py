"""Time from the insertion call until the target itself reports the text, on a real X server, sway and labwc.

    python -m benchmarks.insertion [x11|sway|labwc ...]

On X11, each text is inserted into an empty window. Each line shows how it was inserted, and the median and the
slowest of ``ROUNDS``, in ms.

On Wayland, ``WAYLAND_ROUNDS`` texts follow each other in one window. The user copies a picture before each. Each
line shows the median, the 95th percentile and the slowest, in ms: until the call returns, and until the window has
the text, which its program then writes into a file. The wait for clipboard managers (50 ms) is included.

Needs the packages of ``tests/helpers/desktop.py`` and ``tests/helpers/wayland_desktop.py``.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from app.insertion.outcome import InsertionResult
from app.insertion.plan import Rules, Strategy
from app.insertion.wayland.inserter import WaylandInserter
from app.insertion.x11.inserter import X11Inserter
from tests.helpers.desktop import Desktop, Terminal, TextField, running_desktop
from tests.helpers.wayland_desktop import WaylandDesktop, running_labwc, running_sway

ROUNDS = 5
WAYLAND_ROUNDS = 50
PAUSE_S = 0.6  # between two sentences: the clipboard has been given back
ENGLISH = "The quick brown fox jumps over the lazy dog. " * 50
HAN = "".join(chr(0x4E00 + 7 * number) for number in range(300)) * 7  # 300 different ones, as in a long text


async def _once(
    desktop: Desktop, kind: type[TextField | Terminal], inserter: X11Inserter, text: str
) -> tuple[InsertionResult, float]:
    window = kind(desktop, f"window {time.monotonic_ns()}")
    target = await inserter.target()
    start = time.perf_counter()
    done = await inserter.insert(text, target)
    took = time.perf_counter() - start
    await window.shows(text)
    process = desktop.processes.pop()
    process.terminate()
    process.wait(10)
    return done.how, 1000 * took


async def _measure(desktop: Desktop) -> None:
    inserter = await X11Inserter.open(desktop.display)
    for kind in (TextField, Terminal):
        for strategy in (Strategy.PASTE, Strategy.TYPE):
            inserter.rules = Rules(strategy)
            for language, source in (("English", ENGLISH), ("Han", HAN)):
                for length in (20, 200, 2000):
                    done = [await _once(desktop, kind, inserter, source[:length]) for _ in range(ROUNDS)]
                    took = [milliseconds for _, milliseconds in done]
                    figures = f"{statistics.median(took):8.1f} {max(took):8.1f}"
                    print(f"{kind.__name__:10} {done[0][0]:6} {language:8} {length:5} {figures}", flush=True)
    await inserter.close()


class Foot(Terminal):
    """A terminal of Wayland."""

    program = ("foot", "--config=/dev/null", "--title={title}")


async def _measure_wayland(desktop: WaylandDesktop, name: str) -> None:
    inserter = await WaylandInserter.open(desktop.environment)
    for kind, ending in ((TextField, "txt"), (Foot, "typed"), (Terminal, "typed")):
        window = kind(desktop, kind.__name__)
        place = desktop.folder / f"{kind.__name__}.{ending}"
        told, returned, arrived = "", [], []
        for number in range(WAYLAND_ROUNDS):
            desktop.copy_all({"text/html": b"<b>before</b>", "image/png": bytes(100_000 + number)})
            target = await inserter.target()  # as when the user begins to speak
            await asyncio.sleep(PAUSE_S)
            text = f"Sentence {number} 第{number}句。"
            told += text
            start = time.time()
            done = await inserter.insert(text, target)
            returned.append(1000 * (time.time() - start))
            assert done.how is InsertionResult.PASTED, (kind, number, done)
            await window.shows(told)
            arrived.append(1000 * (place.stat().st_mtime - start))
        print(f"{name:6} {kind.__name__:10} {_figures(returned)} {_figures(arrived)}", flush=True)
    await inserter.close()


def _figures(took: list[float]) -> str:
    p95 = statistics.quantiles(took, n=20)[-1]
    return f"{statistics.median(took):8.1f} {p95:8.1f} {max(took):8.1f}"


def main() -> None:
    """Print a line for each combination."""
    wanted = sys.argv[1:] or ["x11", "sway", "labwc"]
    if "x11" in wanted:
        with tempfile.TemporaryDirectory() as folder, running_desktop(Path(folder), tray=False) as desktop:
            asyncio.run(_measure(desktop))
    for name, running in (("sway", running_sway), ("labwc", running_labwc)):
        if name in wanted:
            with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as wayland:
                asyncio.run(_measure_wayland(wayland, name))


if __name__ == "__main__":
    main()
