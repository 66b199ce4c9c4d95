"""Cost and speed of the desktop app against its budgets: on Xvfb, with a virtual microphone.

    python -m benchmarks.app [--parts starts,idle,keys,layer,texts,toggles,whisper,take] [--minutes 30] [--pace 20]
                             [--why FILE] [--json FILE]

Everything is observed from outside: windows by X events and by their pixels, texts by the content of another
program's field. For ``take`` the microphone plays a recording faster than real time (``app_take``); ``--why``
names a file for stack traces of long turns. Budgets apply to a quiet machine: its load is printed with each
figure.
"""

import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

from benchmarks import app_budgets as budgets
from benchmarks.app_budgets import MeasuredApp, layer
from benchmarks.app_long_take import long_take
from benchmarks.app_screen import observed_screen
from benchmarks.report import Figure, arguments, machine, report
from tests.helpers.desktop_app import running_app

_PARTS = "starts,idle,keys,layer,texts,toggles,whisper,take"


def _at_rest_and_at_work(parts: set[str], models: Path) -> Iterator[Figure]:
    chosen = ("--engine", "checksum")
    with running_app(models, start=False) as made, observed_screen(made.desktop.display) as screen:
        app = MeasuredApp(made.desktop, made.microphone, made.home, models, chosen)
        if "starts" in parts:
            yield from budgets.starts(app, screen)
        if not parts & {"idle", "keys", "texts", "toggles"}:
            return
        with app.running("--hidden"):
            if "idle" in parts:
                yield from budgets.idle(app)
            if "keys" in parts:
                yield from budgets.keys(app, screen)
            if "texts" in parts:
                yield from budgets.texts(app, screen, "checksum")
            if "toggles" in parts:
                yield from budgets.toggles(app)
            if "idle" in parts:
                yield from budgets.idle(app, keep_open=True)


def _with_whisper(models: Path) -> Iterator[Figure]:
    with running_app(models, start=False) as made, observed_screen(made.desktop.display) as screen:
        app = MeasuredApp(made.desktop, made.microphone, made.home, models, ())
        with app.running("--hidden"):
            yield from budgets.texts(app, screen, "whisper-base")


def _measure(parts: set[str], models: Path, minutes: float, pace: float, why: str) -> Iterator[Figure]:
    yield from _at_rest_and_at_work(parts, models)
    if "layer" in parts:
        yield from layer()
    if "whisper" in parts:
        yield from _with_whisper(models)
    if "take" in parts:
        yield from long_take(models, minutes, pace, why)


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, parts=_PARTS, minutes=30.0, pace=20.0, why="")
    parts = set(options.parts.split(","))
    figures = _measure(parts, budgets.models_folder(), options.minutes, options.pace, options.why)
    print(machine())
    rows: list[dict[str, object]] = []
    with open(os.devnull, "w") as nowhere:
        while True:
            with redirect_stdout(nowhere):  # drops the app's output
                figure = next(figures, None)
            if figure is None:
                break
            rows.append(figure.row)
            print(*(rows[-1].values()), sep=" | ", flush=True)
    report("app", rows, options.json)


if __name__ == "__main__":
    main()
