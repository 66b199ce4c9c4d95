"""Time from the insertion call until the target itself reports the text, on a real X server.

    python -m benchmarks.insertion

Each text is inserted into an empty window. Each line shows how it was inserted, and the median and the slowest of
``ROUNDS``, in ms. Needs the packages of ``tests/helpers/desktop.py``.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from app.insertion.helper.inserter import HelperInserter
from app.insertion.outcome import InsertionResult
from app.insertion.plan import Rules, Strategy
from tests.helpers.desktop import Desktop, Terminal, TextField, running_desktop

ROUNDS = 5
ENGLISH = "The quick brown fox jumps over the lazy dog. " * 50
HAN = "".join(chr(0x4E00 + 7 * number) for number in range(300)) * 7  # 300 different ones, as in a long text


async def _once(
    desktop: Desktop, kind: type[TextField | Terminal], inserter: HelperInserter, text: str
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
    inserter = await HelperInserter.on_x11(desktop.display)
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


def main() -> None:
    """Print a line for each combination."""
    with tempfile.TemporaryDirectory() as folder, running_desktop(Path(folder), tray=False) as desktop:
        asyncio.run(_measure(desktop))


if __name__ == "__main__":
    main()
