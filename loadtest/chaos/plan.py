"""Plan of a chaos run: the same seed and targets give the same events. Pure."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.chaos.events import LINKS, OF_LINKS, OF_PROCESSES, Event, FaultKind, FaultTarget, LinkDirection
from loadtest.core.errors import LoadTestError

_SHORTEST_S: Final = 0.2
_SHORTEST_STEP_S: Final = 2.0  # processes read the step of their clock once a second
_LONGEST_STEP_S: Final = 1800.0
_MOST_BYTES: Final = 20_000
_WAYS: Final = ((LinkDirection.UP,), (LinkDirection.DOWN,), tuple(LinkDirection))
_AMOUNTS: Final[Mapping[FaultKind, tuple[float, float]]] = {
    FaultKind.SLOW: (0.5, 0.95),
    FaultKind.DELAY: (0.02, 0.5),
    FaultKind.NARROW: (8_000.0, 100_000.0),
}


class Choice(Struct, frozen=True):
    """Possible kind of event, for ``count`` targets of a kind."""

    kind: FaultKind
    target: FaultTarget
    count: int


class ChaosPlan(Struct, frozen=True):
    """Plan of a run of ``seconds``, with its events in the order of time.

    ``speakers`` arrive within ``ramp_s`` and speak until the end. ``patience_s``: how long a session may get no
    answer until it counts as lost. ``partials``: whether live text is requested.
    """

    seed: int
    seconds: float
    speakers: int
    ramp_s: float
    patience_s: float
    events: tuple[Event, ...]
    partials: bool = False


def choices(counts: Mapping[FaultTarget, int], disk: bool, clock: bool) -> tuple[Choice, ...]:
    """Return all kinds of events that are possible with these numbers of targets.

    ``disk``: a full disk can be simulated for a broker. ``clock``: clocks of processes can be stepped.
    """
    found = [
        Choice(kind, target, count) for target, count in counts.items() for kind in _kinds(target, disk, clock)
    ]
    return tuple(choice for choice in found if choice.count > 0)


def _kinds(target: FaultTarget, disk: bool, clock: bool) -> Iterator[FaultKind]:
    if target in LINKS:
        yield from OF_LINKS
        return
    yield from OF_PROCESSES
    if target is FaultTarget.WORKER:
        yield FaultKind.SLOW
    if target is FaultTarget.BROKER and disk:
        yield FaultKind.DISK
    if clock:
        yield FaultKind.CLOCK


def events_without_target(events: Iterable[Event], counts: Mapping[FaultTarget, int]) -> tuple[Event, ...]:
    """Return the events whose target is not named, or does not exist in this number."""
    return tuple(event for event in events if event.number >= counts.get(event.target, 0))


def draw(
    seed: int, span: tuple[float, float], per_minute: float, longest_s: float, possible: Iterable[Choice]
) -> tuple[Event, ...]:
    """Draw events within ``span`` (seconds from the start), at random moments, but at an even rate.

    Every possible kind comes once before any is repeated. No event lasts longer than ``longest_s``.
    """
    chance = random.Random(f"chaos/{seed}")
    begin, end = span
    count = math.floor((end - begin) * per_minute / 60)
    if count < 1:
        return ()
    step, deck = (end - begin) / count, _shuffled_choices(chance, tuple(possible))
    moments = (begin + (place + chance.random()) * step for place in range(count))
    return tuple(_event(at_s, choice, longest_s, chance) for at_s, choice in zip(moments, deck, strict=False))


def _shuffled_choices(chance: random.Random, possible: tuple[Choice, ...]) -> Iterator[Choice]:
    """Yield all choices in random order, then all again in another order, without end."""
    while possible:
        yield from chance.sample(possible, len(possible))


def _event(at_s: float, choice: Choice, longest_s: float, chance: random.Random) -> Event:
    """Draw the rest of an event. Its duration is uniform on a logarithmic scale."""
    shortest_s = min(_SHORTEST_STEP_S if choice.kind is FaultKind.CLOCK else _SHORTEST_S, longest_s)
    lasts_s = shortest_s * math.pow(longest_s / shortest_s, chance.random())
    return Event(
        at_s=round(at_s, 2),
        kind=choice.kind,
        target=choice.target,
        number=chance.randrange(choice.count),
        lasts_s=0.0 if choice.kind is FaultKind.CUT else round(lasts_s, 2),
        amount=_amount(choice.kind, chance),
        ways=chance.choice(_WAYS),
    )


def _amount(kind: FaultKind, chance: random.Random) -> float:
    if kind is FaultKind.CUT:
        return float(chance.choice((0, chance.randrange(1, _MOST_BYTES))))
    if kind is FaultKind.CLOCK:
        return round(chance.choice((-1.0, 1.0)) * math.pow(_LONGEST_STEP_S, chance.random()), 1)
    least, most = _AMOUNTS.get(kind, (0.0, 0.0))
    return round(chance.uniform(least, most), 2)


def read_plan(report: bytes) -> ChaosPlan:
    """Return the plan in a report of an earlier run. Raises ``LoadTestError``."""
    try:
        return msgspec.json.decode(report, type=_Replayed).plan
    except msgspec.DecodeError as error:
        raise LoadTestError(
            f"there is no plan to replay: {error}. Name the report.json of a run of `chaos`."
        ) from error


class _Replayed(Struct):
    plan: ChaosPlan
