"""Time until each page of the window is drawn for the first time, in the app of an example user.

    python -m benchmarks.page_opening [--times 5] [--json FILE]

Each page is opened in a process of its own, and Qt draws into memory. The budgets apply to a quiet machine. The
CPU time is printed too, because it hardly depends on other programs.
"""

import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QApplication

from benchmarks.clicks.example_app import example_app, example_home, example_theme
from benchmarks.report import Figure, arguments, machine, report, spread

BUDGETS_MS: Final = {"files": 500.0, "dictionary": 500.0, "settings": 300.0}


def opened(page: str) -> tuple[float, float]:
    """Open a page of a new window, and return how long that took, and the processor time, in milliseconds."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    with example_home(), example_theme(application) as theme, example_app(application, theme) as app:
        shell = app.windows.shell
        at, used = time.perf_counter(), time.process_time()
        shell.choose(page)
        shell.grab()
        return 1000 * (time.perf_counter() - at), 1000 * (time.process_time() - used)


def _measured(page: str, times: int) -> Figure:
    command = [sys.executable, "-m", "benchmarks.page_opening", "--page", page]
    lines = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(times)]
    took = [tuple(map(float, line.split())) for line in lines]
    figure = spread(f"{page} drawn", [wall for wall, _ in took], "ms", 1.0, BUDGETS_MS[page])
    beside = f"{figure.beside}; processor at most {max(used for _, used in took):.0f} ms"
    return replace(figure, beside=beside)


def main() -> None:
    """Measure and print the figures, or open one page."""
    options = arguments(__doc__, times=5, page="")
    if options.page:
        print(*opened(options.page))
        return
    print(machine())
    rows = [_measured(page, options.times).row for page in BUDGETS_MS]
    report("page opening", rows, options.json, "page_opening")


if __name__ == "__main__":
    main()
