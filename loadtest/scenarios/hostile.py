"""``hostile``: a few people speak while one key abuses the gateway in several ways. Are they affected?

First they speak undisturbed. Then they repeat the same speech under each attack.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec import Struct

from client.connection import Locate
from loadtest.measurement.figures import percentiles
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.attacks import Attack, AttackOrder, AttackResult, attack
from loadtest.scenarios.streams import Streams, run_streams


class Hostile(Struct, frozen=True):
    """Plan of a hostile run.

    ``speakers`` speak for ``seconds``, undisturbed and under each attack, which begins ``lead_s`` before them.
    ``most``: largest allowed ratio of their p95 under attack to their undisturbed p95.
    """

    speakers: int = 5
    seconds: float = 30.0
    lead_s: float = 3.0
    pace: float = 0.5
    seed: int = 1
    connections: int = 1
    attacks: tuple[Attack, ...] = tuple(Attack)
    most: float = 2.0


class SpeakerResults(Struct, frozen=True):
    """Results of the speakers in one phase; times are from the end of a segment to its text.

    ``times``: p95 as a multiple of the undisturbed p95. ``struck``: result of the attack.
    """

    attack: str
    segments: int
    flawless: bool
    p50_ms: float | None
    p95_ms: float | None
    most_ms: float | None
    times: float | None = None
    struck: AttackResult | None = None
    complaints: tuple[str, ...] = ()


class HostileResults(Struct, frozen=True):
    """Results of all phases, the undisturbed one first. ``passed``: no phase affected the speakers."""

    passed: bool
    phases: tuple[SpeakerResults, ...]


Strike = Callable[[AttackOrder], Coroutine[Any, Any, AttackResult]]
"""``loadtest.scenarios.attacks.attack``, or ``strike``, which attacks from this process."""


async def run_hostile(
    plan: Hostile,
    locate: Locate,
    key: str,
    strike: Strike = attack,
    tell: Callable[[str], None] = lambda line: None,
) -> HostileResults:
    """Run all phases. The attacks use ``key``. ``tell`` gets a line at the beginning of each phase."""
    tell(f"phase 1 of {len(plan.attacks) + 1}: no attack, {plan.seconds:g} s of speech")
    calm = phase_results("none", await _speak(plan, locate))
    phases = [calm]
    for number, kind in enumerate(plan.attacks, 2):
        tell(f"phase {number} of {len(plan.attacks) + 1}: {kind}, {plan.seconds:g} s of speech")
        where = locate()
        seconds = plan.lead_s + plan.seconds
        order = AttackOrder(kind, seconds, where.url, key, where.certificate_sha256, plan.connections)
        striking = asyncio.create_task(strike(order), name=f"hostile/{kind}")
        await asyncio.sleep(plan.lead_s)
        tally = await _speak(plan, locate)
        phases.append(phase_results(kind, tally, calm.p95_ms, await striking))
    return HostileResults(harmless(phases, plan.most), tuple(phases))


async def _speak(plan: Hostile, locate: Locate) -> Tally:
    recorder = TallyRecorder(time.monotonic())
    await run_streams(Streams(plan.speakers, plan.seconds, seed=plan.seed, pace=plan.pace), locate, recorder)
    return recorder.take()


def phase_results(
    kind: str, tally: Tally, calm_ms: float | None = None, struck: AttackResult | None = None
) -> SpeakerResults:
    """Compute the results of one phase."""
    lag = percentiles(ended.lag for ended in tally.ended)
    return SpeakerResults(
        kind,
        tally.segments,
        tally.flawless and not tally.refusals,
        lag.p50,
        lag.p95,
        lag.most,
        None if lag.p95 is None or not calm_ms else round(lag.p95 / calm_ms, 2),
        struck,
        tuple(sorted(set(tally.complaints))[:5]),
    )


def harmless(phases: Sequence[SpeakerResults], most: float) -> bool:
    """Return whether no phase affected the speakers."""
    attacked = phases[1:]
    return all(phase.flawless for phase in phases) and all((phase.times or 0.0) <= most for phase in attacked)
