"""Run of a scenario: sampled at regular times, and reported even if it fails."""

import asyncio
import dataclasses
import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
from msgspec import Struct, field

from client.connection import Locate
from client.errors import GatewayError
from loadtest.core.gateway import WORKERS, ask
from loadtest.measurement.figures import (
    MEANINGS,
    Figures,
    HistogramBin,
    IntervalFigures,
    Reconnection,
    added_delays,
    distribution,
    figures,
    moments,
)
from loadtest.measurement.processes import ProcessSampler, ProcessUsage
from loadtest.measurement.promises import Promise, none_broken
from loadtest.measurement.service import ServiceTimes, service_times
from loadtest.measurement.tally import Tally, TallyRecorder
from protocol.engine import live_slots
from runtime.tasks import Tasks

_SAMPLE_S: Final = 1.0
_ASK_EVERY: Final = 5


class ScenarioCounts(Struct, frozen=True, array_like=True):
    """Numbers of a scenario, ``at_s`` after the start of its run."""

    at_s: float
    values: dict[str, float]


class RunEvent(Struct, frozen=True):
    """Event of a run, for its time line.

    ``outcome`` is empty if it took place as planned, else the reason why it did not.
    """

    at_s: float
    ended_s: float
    what: str
    outcome: str = ""


class Report(Struct, frozen=True):
    """Report of a run. ``complete``: the run reached its planned end; ``note``: why it did not.

    ``passed``: no faults; of a scenario with promises: none of them is broken.
    ``service``: times of the workers; ``None`` if they decode several segments in one call.
    """

    scenario: str
    passed: bool
    complete: bool
    note: str
    started: str
    command: str
    machine: str
    plan: dict[str, Any]
    figures: Figures
    moments: tuple[IntervalFigures, ...]
    usages: tuple[ProcessUsage, ...]
    after_stop: tuple[HistogramBin, ...]
    added: tuple[HistogramBin, ...]
    marks: tuple[RunEvent, ...] = ()
    service: ServiceTimes | None = None
    meanings: dict[str, str] = field(default_factory=lambda: MEANINGS)
    promises: tuple[Promise, ...] = ()
    counted: tuple[ScenarioCounts, ...] = ()


@dataclass
class Run:
    """State of a run. The speakers of this process fill ``recorder``; each sample moves its counts to ``tally``.

    ``full``: begin and end of the full load, in seconds. ``gateway``: its process on this computer, or 0.
    ``gateways`` returns the processes of further gateways here, which may change. ``counts`` returns numbers of
    the scenario to be shown and plotted, ``judge`` its promises. ``every_s``: time between two samples. ``marks``:
    events of the run. ``single_workers``: number of workers, if each decodes one segment of speakers at a time;
    else 0.
    """

    scenario: str
    plan: dict[str, Any]
    locate: Locate
    gateway: int = 0
    full: tuple[float, float] = (0.0, float("inf"))
    recorder: TallyRecorder = dataclasses.field(default_factory=lambda: TallyRecorder(time.monotonic()))
    tally: Tally = dataclasses.field(default_factory=Tally)
    usages: list[ProcessUsage] = dataclasses.field(default_factory=list)
    back: Reconnection | None = None
    single_workers: int = 0
    complete: bool = False
    note: str = ""
    gateways: Callable[[], Iterable[int]] = tuple
    marks: list[RunEvent] = dataclasses.field(default_factory=list)
    started: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))
    counts: Callable[[], Mapping[str, float]] | None = None
    counted: list[ScenarioCounts] = dataclasses.field(default_factory=list)
    judge: Callable[["Run", Figures], Iterable[Promise]] | None = None
    every_s: float = _SAMPLE_S

    @property
    def took_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.recorder.zero

    async def play(self, scenario: Awaitable[None], show: Callable[["Run"], None]) -> None:
        """Run the scenario until it ends, fails or is cancelled; ``show`` is called at each sample."""
        try:
            async with Tasks("run") as tasks:
                tasks.start(self._sample(show), "sample")
                await scenario
            self.complete = True
        except asyncio.CancelledError:
            self.note = "interrupted"
            raise
        except Exception as error:
            self.note = f"failed: {error!r}"
            raise
        finally:
            self.tally.absorb(self.recorder.take())

    def report(self, expect_refusals: bool = False) -> Report:
        """Return a report of the current state."""
        took_s = self.took_s
        found = figures(self.tally, took_s, self.usages, self.full, self.back)
        promises = tuple(self.judge(self, found)) if self.judge else ()
        faultless = none_broken(promises) if promises else found.flawless
        return Report(
            scenario=self.scenario,
            passed=self.complete and faultless and (expect_refusals or not found.refusals),
            complete=self.complete,
            note=self.note,
            started=self.started.isoformat(timespec="seconds"),
            command=" ".join([os.path.basename(sys.argv[0]), *_without_keys(sys.argv[1:])]),
            machine=f"{os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}",
            plan=self.plan,
            figures=found,
            moments=moments(self.tally, took_s),
            usages=tuple(self.usages),
            after_stop=distribution(ended.after_stop for ended in self.tally.ended),
            added=distribution(added_delays(self.tally)),
            promises=promises,
            counted=tuple(self.counted),
            marks=tuple(sorted(self.marks, key=lambda mark: mark.at_s)),
            service=service_times(self.tally.ended, self.single_workers),
        )

    async def _sample(self, show: Callable[["Run"], None]) -> None:
        watch = ProcessSampler(self.gateway, self.recorder.zero, self.gateways)
        async with aiohttp.ClientSession() as http:
            number = 0
            while True:
                if number % _ASK_EVERY == 0 and (workers := await self._workers(http)):
                    watch.workers(workers)
                self.tally.absorb(self.recorder.take())
                self.usages.append(await asyncio.to_thread(watch.measure))
                if self.counts is not None:
                    self.counted.append(ScenarioCounts(self.usages[-1].at_s, dict(self.counts())))
                show(self)
                number += 1
                await asyncio.sleep(self.every_s)

    async def _workers(self, http: aiohttp.ClientSession) -> list[str]:
        try:
            answered = await ask(http, self.locate(), WORKERS)
        except GatewayError:  # no gateway at this moment
            return []
        workers = answered.get("workers", ())
        single = all(live_slots(str(one.get("device", "")), int(one.get("slots", 1))) == 1 for one in workers)
        self.single_workers = len(workers) if single else 0
        return [str(worker.get("worker", "")) for worker in workers]


def _without_keys(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the arguments with the values of ``--key`` and ``--hostile-key`` hidden."""
    hide = False
    for argument in arguments:
        option, equals, _ = argument.partition("=")
        is_key = option in ("--key", "--hostile-key")
        yield "…" if hide else f"{option}=…" if is_key and equals else argument
        hide = is_key and not equals
