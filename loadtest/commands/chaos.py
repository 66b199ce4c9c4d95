"""Command that disturbs a gateway and everything around it: ``chaos``."""

import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import msgspec
import typer

from client.connection import Address, Locate
from client.errors import Unreachable
from loadtest.chaos.clock import find_library
from loadtest.chaos.disk import AVAILABLE
from loadtest.chaos.events import PROCESSES, FaultKind, FaultTarget
from loadtest.chaos.named_targets import named_process, open_named_targets, process_kind
from loadtest.chaos.own_stack import OwnStack, StackSize
from loadtest.chaos.plan import ChaosPlan, Choice, choices, draw, events_without_target, read_plan
from loadtest.chaos.scenario import judge, run_chaos
from loadtest.chaos.targets import ChaosTargets
from loadtest.commands.options import (
    MOST_SEED,
    MOST_SPEAKERS,
    Certificate,
    Gateway,
    Key,
    Partials,
    Patience,
    ReportIn,
)
from loadtest.commands.runner import Show, command, reachable, run_and_report
from loadtest.core.errors import LoadTestError
from loadtest.reports.run import Run
from runtime.terminal import reason, say

_RAMP_S: Final = 2.0
_QUIET_BEFORE_S: Final = 3.0

OwnStackToo = Annotated[
    bool, typer.Option("--own-stack", help="Disturb gateways, a broker and workers that this command starts.")
]
MayKill = Annotated[
    list[str] | None,
    typer.Option(metavar="TARGET[=PID_FILE]", help="gateway, worker or broker that may be disturbed; repeatable."),
]
BrokerLinks = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PORT=HOST:PORT", help="Relay this local port to that broker, as a bad network; repeatable."
    ),
]
Kinds = Annotated[
    list[FaultKind] | None,
    typer.Option(metavar="KIND", help=f"Cause only these events: {', '.join(FaultKind)}; repeatable."),
]
Minutes = Annotated[float, typer.Option(min=0.05, max=100_000.0, help="Minutes of speech and events.")]
Rate = Annotated[float, typer.Option(min=0.1, max=600.0, help="Events per minute.")]
Longest = Annotated[float, typer.Option(min=0.2, max=3_600.0, help="Longest event in seconds.")]
Speakers = Annotated[int, typer.Option(min=1, max=MOST_SPEAKERS, help="Number of parallel speakers.")]
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Seed of the plan and of the random audio.")]
Replay = Annotated[Path | None, typer.Option(help="report.json whose plan is repeated.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and end.")]
Gateways = Annotated[int, typer.Option(min=1, max=100, help="Gateways of the own stack.")]
Workers = Annotated[int, typer.Option(min=1, max=1_000, help="Workers of the own stack.")]
Home = Annotated[Path | None, typer.Option(help="Folder of the own stack; kept. Default: temporary.")]
Library = Annotated[Path | None, typer.Option(help="Library for clock steps; default: the installed one.")]


@dataclass(frozen=True)
class TargetOptions:
    """Targets that the command line names. ``size``: of the own stack; ``None`` without one."""

    size: StackSize | None
    home: Path | None
    may_kill: tuple[str, ...]
    broker_links: tuple[str, ...]
    library: Path | None

    def counts(self) -> dict[FaultTarget, int]:
        """Return the number of targets of each kind. Raises ``LoadTestError``."""
        if self.size is None:
            named = Counter(named_process(text).target for text in self.may_kill)
            return {**named, FaultTarget.CLIENT_LINK: 1, FaultTarget.BROKER_LINK: len(self.broker_links)}
        if self.broker_links:
            raise LoadTestError("--own-stack has links of its own: leave out --broker-link")
        allowed = [process_kind(text) for text in self.may_kill] or PROCESSES
        counts = self.size.counts()
        return {target: n for target, n in counts.items() if target in allowed or target not in PROCESSES}

    def possible(self, kinds: list[FaultKind]) -> tuple[Choice, ...]:
        """Return the possible events, of these kinds if any are given. Raises ``LoadTestError``."""
        clock = self.size is not None and self.library is not None
        found = choices(self.counts(), AVAILABLE, clock)
        return tuple(one for one in found if not kinds or one.kind in kinds)

    async def open(self, within: AsyncExitStack, locate: Locate | None) -> ChaosTargets:
        """Start the own stack, if one is to be used, and return all targets. Raises ``LoadTestError``."""
        if self.size is None:
            assert locate is not None
            named = [named_process(text) for text in self.may_kill]
            return await open_named_targets(within, locate(), named, self.broker_links)
        home = self.home or Path(within.enter_context(TemporaryDirectory(prefix="kikipounamu-chaos-")))
        stack = OwnStack(self.size, home, self.library)
        await stack.start(within)
        counts = self.counts()
        stack.targets.processes = {
            target: several for target, several in stack.targets.processes.items() if target in counts
        }
        return stack.targets


def chaos(  # noqa: PLR0913 - typer: an option is a parameter
    own_stack: OwnStackToo = False,
    may_kill: MayKill = None,
    broker_link: BrokerLinks = None,
    minutes: Minutes = 20.0,
    rate: Rate = 12.0,
    longest: Longest = 10.0,
    kind: Kinds = None,
    speakers: Speakers = 20,
    partials: Partials = True,
    patience: Patience = 300.0,
    seed: Seed = 1,
    replay: Replay = None,
    dry_run: DryRun = False,
    gateways: Gateways = 2,
    workers: Workers = 2,
    home: Home = None,
    libfaketime: Library = None,
    gateway: Gateway = "",
    key: Key = "",
    certificate: Certificate = "",
    report: ReportIn = None,
) -> None:
    """Kill, pause and slow named processes, and disturb networks, disks and clocks, while simulated people speak.

    Exit status 0 only if every segment was answered once and correctly.
    """
    size = StackSize(gateways, workers) if own_stack else None
    library = libfaketime or find_library()
    options = TargetOptions(size, home, tuple(may_kill or ()), tuple(broker_link or ()), library)
    with command():
        span = (_RAMP_S + _QUIET_BEFORE_S, minutes * 60)
        events = draw(seed, span, rate, longest, options.possible(kind or []))
        plan = ChaosPlan(seed, minutes * 60, speakers, _RAMP_S, patience, events, partials)
        plan = _checked_plan(_read_plan(replay) if replay else plan, options)
        locate = None if own_stack or dry_run else reachable(gateway, key, certificate)
        _print(plan)
        if not dry_run:
            _play(plan, options, locate, report)


def _read_plan(report: Path) -> ChaosPlan:
    try:
        return read_plan(report.read_bytes())
    except OSError as error:
        raise LoadTestError(f"{report} cannot be read: {reason(error)}") from error


def _checked_plan(plan: ChaosPlan, options: TargetOptions) -> ChaosPlan:
    """Return the plan. Raises ``LoadTestError`` if it disturbs something that the command line does not name."""
    missing = sorted(
        {f"{event.target} {event.number}" for event in events_without_target(plan.events, options.counts())}
    )
    if missing:
        raise LoadTestError(
            f"the plan disturbs {', '.join(missing)}: name them with --may-kill or --broker-link, "
            "or use --own-stack with as many gateways and workers as before"
        )
    return plan


def _print(plan: ChaosPlan) -> None:
    for event in plan.events:
        lasts = f"for {event.lasts_s:5.2f} s" if event.lasts_s else ""
        say(f"{event.at_s:8.2f} s  {lasts:11}  {event.what}{event.how and ': '}{event.how}", err=True)


def _play(plan: ChaosPlan, options: TargetOptions, locate: Locate | None, report: Path | None) -> None:
    run = Run("chaos", msgspec.to_builtins(plan), locate or _nowhere)
    run.judge = lambda run, found: judge(found, run.marks)

    async def playing(show: Show) -> None:
        async with AsyncExitStack() as within:
            targets = await options.open(within, locate)
            run.locate, run.gateways = targets.locate, targets.gateways
            run.recorder.zero = time.monotonic()
            await run.play(run_chaos(plan, targets, run), show)

    run_and_report(run, playing, report, expect_refusals=True)


def _nowhere() -> Address:
    raise Unreachable("the stack has not started yet")
