"""``chaos``: speakers whose texts are digests stream while the events of a plan happen."""

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from loadtest.chaos.disturber import Disturber
from loadtest.chaos.plan import ChaosPlan
from loadtest.chaos.targets import ChaosTargets
from loadtest.measurement.figures import Figures
from loadtest.measurement.promises import Promise, judge_speakers
from loadtest.reports.run import Run, RunEvent
from loadtest.scenarios.streams import Streams, run_streams


async def run_chaos(plan: ChaosPlan, targets: ChaosTargets, run: Run) -> None:
    """Run the speakers, disturb everything by plan, undo all of it, and wait for the missing answers."""
    disturber = Disturber(targets, run.recorder.zero, run.marks.append, plan.seed)
    speaking = Streams(
        plan.speakers,
        plan.seconds - plan.ramp_s,
        plan.ramp_s,
        plan.seed,
        plan.partials,
        patience_s=plan.patience_s,
    )
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(run_streams(speaking, targets.locate, run.recorder), name="chaos/speakers")
            both.create_task(disturber.perform(plan.events), name="chaos/events")
    finally:
        for what, count in targets.failures().items():
            run.tally.complain(f"{what}, {count} times, by itself")


def judge(figures: Figures, marks: Sequence[RunEvent]) -> tuple[Promise, ...]:
    """Judge whether the product kept its promise, and whether the run tested it."""
    wait_s = (figures.final_after_stop_ms_most or 0.0) / 1000
    speakers = judge_speakers(figures)
    done = sum(not mark.outcome for mark in marks)
    events = f"{done} of {len(marks)} events took place; the others found nothing to disturb"
    return (
        replace(speakers, found=f"{speakers.found}; longest wait {wait_s:.1f} s"),
        Promise("most of what should fail did fail", 2 * done >= len(marks), events, {"events": done}),
    )
