"""Starts of the programs of a self-contained folder, measured in turns with those of the checkout.

    python -m benchmarks.bundle --folder DIR [--rounds 10] [--windows 5] [--json FILE]

Elapsed times depend on what else the machine does; CPU times depend on it less.
``--windows 0`` leaves out the window, which needs Xvfb.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.app_budgets import MeasuredApp, models_folder
from benchmarks.app_screen import observed_screen
from benchmarks.report import arguments, machine, report
from tests.helpers.chain import BIN
from tests.helpers.desktop_app import running_app
from tests.helpers.waiting import wait_until_sync

COMMANDS = (
    ("kikipounamu", "--version"),
    ("kikipounamu", "status"),
    ("kikipounamu-gateway", "--version"),
    ("kikipounamu-worker", "--version"),
    ("kikipounamu-worker", "doctor", "--engine", "checksum"),
)
WINDOW = "window of the app visible"
MOST = 1.3


class Start(NamedTuple):
    """Elapsed time and CPU time of a start, both in milliseconds."""

    clock: float
    cpu: float


def run_once(command: list[str]) -> Start:
    """Run a command to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Start(1000 * (time.perf_counter() - began), 1000 * (used.ru_utime + used.ru_stime))


def in_turns(rounds: int, folders: tuple[Path, Path], start: Callable[[Path], Start]) -> tuple[Start, Start]:
    """Return the medians of both folders; the first start of each fills the disk cache and does not count."""
    found: list[list[Start]] = [[], []]
    for number in range(rounds + 1):
        for folder, times in zip(folders, found, strict=True):
            once = start(folder)
            if number:
                times.append(once)
    first, second = (Start(median(t.clock for t in some), median(t.cpu for t in some)) for some in found)
    return first, second


def row(what: str, checkout: Start, bundle: Start) -> dict[str, object]:
    """Return a line of the table."""
    return {
        "start": what,
        "checkout_ms": round(checkout.clock),
        "folder_ms": round(bundle.clock),
        "ratio": round(bundle.clock / checkout.clock, 2),
        "checkout_cpu_ms": round(checkout.cpu),
        "folder_cpu_ms": round(bundle.cpu),
        "cpu_ratio": round(bundle.cpu / checkout.cpu, 2),
    }


def commands(folder: Path, rounds: int) -> Iterator[dict[str, object]]:
    """Measure each of the commands, and yield its line."""
    for name, *rest in COMMANDS:

        def start(where: Path, name: str = name, rest: tuple[str, ...] = tuple(rest)) -> Start:
            return run_once([str(where / name), *rest])

        yield row(" ".join([name, *rest]), *in_turns(rounds, (BIN, folder), start))


def window(folder: Path, rounds: int, models: Path) -> Iterator[dict[str, object]]:
    """Measure the time until the app has drawn its window, and yield its line."""
    with running_app(models, start=False) as made, observed_screen(made.desktop.display) as screen:
        app = MeasuredApp(made.desktop, made.microphone, made.home, models, ("--engine", "checksum"))

        def start(where: Path) -> Start:
            app.programs = where
            at = app.open()
            drawn = screen.seen(overlay=False)[1]
            times = app.program.cpu_times()
            wait_until_sync(app.answers, "the app answers")
            app.quit()
            return Start(1000 * (drawn - at), 1000 * (times.user + times.system))

        yield row(WINDOW, *in_turns(rounds, (BIN, folder), start))


def main() -> None:
    """Measure and print the figures. Exit status: 1 if a start takes more than 1.3 times as long."""
    options = arguments(__doc__, folder="", rounds=10, windows=5)
    folder = Path(options.folder).resolve()
    print(machine())
    rows = list(commands(folder, options.rounds))
    if options.windows:
        rows += window(folder, options.windows, models_folder())
    report("bundle", rows, options.json)
    sys.exit(any(float(str(one["ratio"])) > MOST for one in rows))


if __name__ == "__main__":
    main()
