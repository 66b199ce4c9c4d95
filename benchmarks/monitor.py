"""Cost of the visible monitor page: share of a core, at one update per second, with ten minutes of data.

    python -m benchmarks.monitor

The page is drawn into memory (Qt's offscreen platform). The cost of a second is the processor time of one round:
events are decoded, the model takes them, the page shows and paints them. Rounds follow each other at once, and in
one case in real time, where caches are cold. Exits 1 if the budget is exceeded.
"""

import os
import statistics
import sys
import time
from dataclasses import dataclass, replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
from PySide6.QtWidgets import QApplication

from app.monitoring.model import MonitorModel
from app.ui.monitor.page import MonitorPage
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Motion, Theme
from benchmarks.report import Row, arguments, report
from client.event_stream import EventStream
from protocol.monitor import SEGMENT, SNAPSHOT, Snapshot, decode_event
from scripts.example_fleet import MACHINES, ExampleFleet, Machine

SECONDS = 600
BUDGET_PERCENT = 2.0


def _encoded(fleet: ExampleFleet, second: int) -> bytes:
    """Return the bytes that a gateway would send in this second."""
    return b"".join(
        b"event: %b\ndata: %b\n\n"
        % ((SNAPSHOT if isinstance(event, Snapshot) else SEGMENT).encode(), msgspec.json.encode(event))
        for event in fleet.second(second)
    )


@dataclass(frozen=True)
class Case:
    """Measured case. ``paced``: in real time.

    ``screens``: height of the page in screens; with three, every row is painted.
    """

    name: str
    screens: int
    machines: tuple[Machine, ...] = MACHINES
    rounds: int = SECONDS
    paced: bool = False


MANY = tuple(replace(MACHINES[n % 3], name=f"w{n}", host=f"host-{n:02}") for n in range(12))
CASES = (
    Case("as it opens", 1),
    Case("every row", 3),
    Case("every row, twelve workers", 5, MANY),
    Case("every row, once a second", 3, rounds=60, paced=True),
)


def _measure(application: QApplication, case: Case) -> Row:
    theme, model = Theme(motion=Motion()), MonitorModel()
    theme.dress(application)
    fleet, stream = ExampleFleet(model, case.machines), EventStream()
    page = MonitorPage(theme, Texts("en"), lambda action: None)
    page.resize(usual_size().width(), usual_size().height() * case.screens)
    page.show()
    fleet.run(SECONDS)
    rounds_ms = []
    for second in range(SECONDS + 1, SECONDS + 1 + case.rounds):
        sent = _encoded(fleet, second)  # also records own utterances in the model: not the monitor's cost
        if case.paced:
            time.sleep(1)
        before = time.process_time()
        for event in stream.feed(sent):
            if (decoded := decode_event(event.name, event.data)) is not None:
                model.take(decoded, float(second))
        page.show_monitor(model.view(float(second)))
        application.processEvents()
        rounds_ms.append((time.process_time() - before) * 1000)
    row = {
        "page": case.name,
        "rounds": len(rounds_ms),
        "workers": len(page.cards),
        "utterances": len(page.timeline.rows),
        "mean_ms": statistics.mean(rounds_ms),
        "p95_ms": statistics.quantiles(rounds_ms, n=20)[-1],
        "percent_of_a_core": statistics.mean(rounds_ms) / 10,
        "budget_percent": BUDGET_PERCENT,
    }
    page.close()
    return row


def main() -> int:
    """Print and save the figures; return 1 if the page costs more than its budget."""
    options = arguments(__doc__)
    application = QApplication([])
    rows = [_measure(application, case) for case in CASES]
    report("The monitor while somebody looks", rows, options.json, "monitor")
    shares = [float(str(row["percent_of_a_core"])) for row in rows]
    application.shutdown()
    return 0 if max(shares) <= BUDGET_PERCENT else 1


if __name__ == "__main__":
    sys.exit(main())
