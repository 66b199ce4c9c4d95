"""Cost of observing: the part of the gateway's CPU used for monitor, metrics and log lines of sessions.

    python -m benchmarks.observing [--streams 500] [--slots 100] [--watched no] [--json FILE]

Speakers at speaking pace (100 ms frames, 4 s segments without pauses, every digest checked) use one gateway
whose observers are switched off, on, on and off again. A slot lasts as long as a segment, so that each slot
contains every point of a segment. Four slots make one ratio, free of drift; the figure is the median of the
ratios, which a few seconds of other load do not move. In slots with observers, the metrics are scraped as often
as Prometheus would, and a client watches the monitor, unless ``--watched no``. The cost of one segment, one
scrape and one snapshot in a loop is measured too. It is lower, because in a loop the processor's caches are
warm. Exits 1 if the measured cost exceeds the budget.
"""

import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.report import arguments, report
from benchmarks.speakers import Tally, run_speakers
from protocol.endpoint import Endpoint
from protocol.monitor import MONITOR_PATH
from tests.helpers.chain import KEY, running_chain

BUDGET_PERCENT: Final = 3.0
_SEGMENT_S: Final = 4.0
_SCRAPE_EVERY_S: Final = 15.0
_AUTHORISED: Final = {"Authorization": f"Bearer {KEY}"}


@dataclass
class Slots:
    """CPU seconds of the gateway per second, in order: off, on, on, off, and so on."""

    used: list[float] = field(default_factory=list)

    def off(self) -> float:
        """Return the mean of the slots without observers."""
        return statistics.mean(used for number, used in enumerate(self.used) if not _observes(number))

    def ratios(self) -> list[float]:
        """Return, for each four slots, the CPU time with observers divided by that without."""
        fours = (self.used[start : start + 4] for start in range(0, len(self.used) - 3, 4))
        return [(one + two) / (before + after) for before, one, two, after in fours]


class Observed:
    """Process of the observed gateway."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None and process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        place = json.loads(self._output.readline())
        self.endpoint = Endpoint(place["url"], KEY, process.pid)
        self.broker = f"unix://{place['socket']}"

    def ask(self, word: str) -> Any:
        """Send one word and return the answer."""
        self._input.write(f"{word}\n")
        self._input.flush()
        return json.loads(self._output.readline())


def _observes(number: int) -> bool:
    return number % 4 in (1, 2)


@contextlib.asynccontextmanager
async def _observed(url: str, watched: bool, scrapes: bool) -> AsyncIterator[None]:
    """Watch the monitor, scrape the metrics, both or neither, until the context ends."""
    begun = asyncio.Event()

    async with aiohttp.ClientSession(headers=_AUTHORISED) as http:

        async def watch() -> None:
            async with http.get(url + MONITOR_PATH) as response:
                async for _ in response.content:
                    begun.set()

        async def scrape() -> None:
            async with http.get(url + "/metrics") as response:
                await response.read()

        wanted = [*([watch()] if watched else []), *([scrape()] if scrapes else [])]
        tasks = [asyncio.create_task(one) for one in wanted]
        try:
            if watched:
                await begun.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(gateway: Observed, slots: int, watched: bool) -> Slots:
    found, since_s = Slots(), _SCRAPE_EVERY_S
    for number in range(slots):
        on, scrapes = _observes(number), since_s >= _SCRAPE_EVERY_S
        if on:
            since_s = _SEGMENT_S if scrapes else since_s + _SEGMENT_S
        async with _observed(gateway.endpoint.url, watched, scrapes) if on else contextlib.nullcontext():
            before = await asyncio.to_thread(gateway.ask, "on" if on else "off")
            await asyncio.sleep(_SEGMENT_S)
            used = await asyncio.to_thread(gateway.ask, "on") - before
        found.used.append(used / _SEGMENT_S)
    return found


def _share(streams: int, slots: Slots, costs: dict[str, float], tally: Tally) -> dict[str, float]:
    """Return the result row.

    ``measured``: median of the ratios, with its standard error (that of the mean by the median deviation, times
    1.25). ``counted``: sum of the costs of single events.
    """
    off, ratios = slots.off(), slots.ratios()
    middle = statistics.median(ratios)
    spread = 1.4826 * statistics.median(abs(ratio - middle) for ratio in ratios)
    counted = streams / _SEGMENT_S * costs["segment_s"] + costs["scrape_s"] / _SCRAPE_EVERY_S + costs["snapshot_s"]
    return {
        "streams": streams,
        "gateway_cpu_percent": off * 100,
        "measured_percent": (middle - 1) * 100,
        "measured_error": 1.25 * spread / len(ratios) ** 0.5 * 100,
        "counted_percent": counted / off * 100,
        "segment_us": costs["segment_s"] * 1e6,
        "partial_us": costs["partial_s"] * 1e6,
        "scrape_ms": costs["scrape_s"] * 1e3,
        "snapshot_ms": costs["snapshot_s"] * 1e3,
        "right": tally.right,
        "not_right": tally.wrong + tally.failed + tally.twice,
    }


def _run(streams: int, slots: int, watched: bool, root: Path) -> dict[str, float]:
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(root / "home")}
    command = [sys.executable, "-m", "benchmarks.observed_gateway"]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, text=True, stdin=pipe, stdout=pipe, stderr=nowhere) as process:
        try:
            gateway = Observed(process)
            with running_chain(root, gateway.broker, quiet=True) as chain:
                chain.worker("--engine", "checksum", "--set", "rtf=0", home="worker")
                found: list[Slots] = []

                async def measure() -> None:
                    found.append(await _measure(gateway, slots, watched))

                segments = ceil(slots * (_SEGMENT_S + 0.5) / _SEGMENT_S) + 2
                asyncio.run(run_speakers(gateway.endpoint, 1, 1))  # then the worker is ready and the code warm
                tally = asyncio.run(
                    run_speakers(gateway.endpoint, streams, segments, _SEGMENT_S, at_full_load=measure)
                )
                return _share(streams, found[0], gateway.ask("cost"), tally)
        finally:
            process.terminate()


def main() -> int:
    """Print and save the figures; return 1 if observing costs more than its budget."""
    options = arguments(__doc__, streams=500, slots=100, watched="yes")
    with tempfile.TemporaryDirectory(prefix="kiki-bench-") as folder:
        row = _run(options.streams, options.slots, options.watched != "no", Path(folder))
    report("What observing costs", [row], options.json, "observing")
    return 0 if row["measured_percent"] <= BUDGET_PERCENT and not row["not_right"] else 1


if __name__ == "__main__":
    sys.exit(main())
