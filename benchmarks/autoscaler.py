"""Decisions of KEDA's Prometheus scaler and of the HorizontalPodAutoscaler behind it, from a ScaledObject; pure.

The rules are those of the Kubernetes documentation for autoscaling/v2: a tolerance of a tenth, the recommendation
within the stabilisation windows, and the largest change that the policies allow in their periods. Only one trigger
is supported, with a query of the chart's form: a sum of terms ``sum(max by (LABELS) (METRIC{MATCHERS}))`` and
``sum(METRIC{MATCHERS})``.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

TOLERANCE: Final = 0.1
_TERM: Final = re.compile(
    r"sum\((?:max by \((?P<by>[\w, ]+)\) \()?(?P<metric>\w+)\{(?P<matchers>[^{}]*)\}(?(by)\))\)"
)
_MATCHER: Final = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"(?:,|$)')


class ScalerUnreadable(Exception):
    """Manifest or query of an unsupported form."""


@dataclass(frozen=True)
class Sample:
    """Value of one series at a scrape, with its labels."""

    metric: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Term:
    """A sum over the largest values of each group, or over all values if there are no groups."""

    by: tuple[str, ...]
    metric: str
    matchers: tuple[tuple[str, re.Pattern[str]], ...]

    def value(self, samples: Iterable[Sample]) -> float | None:
        """Return the value, or ``None`` without a matching sample."""
        largest: dict[tuple[str, ...], float] = {}
        for sample in samples:
            if sample.metric == self.metric and self._takes(sample.labels):
                names = self.by or sorted(sample.labels)
                group = tuple(sample.labels.get(name, "") for name in names)
                largest[group] = max(largest.get(group, -math.inf), sample.value)
        return sum(largest.values()) if largest else None

    def _takes(self, labels: Mapping[str, str]) -> bool:
        return all(pattern.fullmatch(labels.get(name, "")) for name, pattern in self.matchers)


@dataclass(frozen=True)
class Query:
    """Query that adds up terms."""

    terms: tuple[Term, ...]

    def value(self, samples: Sequence[Sample]) -> float | None:
        """Return the value, or ``None`` if a term has none."""
        values = [term.value(samples) for term in self.terms]
        return None if None in values else sum(value for value in values if value is not None)


def read_query(text: str) -> Query:
    """Parse a query of the chart's form. Raises ``ScalerUnreadable``."""
    return Query(tuple(_read_term(term) for term in text.split(" + ")))


def _read_term(text: str) -> Term:
    found = _TERM.fullmatch(text)
    matchers = _MATCHER.findall(found["matchers"]) if found else []
    if not found or ",".join(f'{name}{how}"{value}"' for name, how, value in matchers) != found["matchers"]:
        raise ScalerUnreadable(f"{text} is not sum(max by (…) (metric{{…}})) or sum(metric{{…}}) with = and =~")
    chosen = tuple((name, re.compile(value if how == "=~" else re.escape(value))) for name, how, value in matchers)
    by = tuple(name.strip() for name in found["by"].split(",")) if found["by"] else ()
    return Term(by, found["metric"], chosen)


@dataclass(frozen=True)
class Policy:
    """Largest change in a period: a number of pods, or percent of those at its beginning."""

    percent: bool
    value: int
    period_s: float

    def limit(self, before: int, sign: int) -> int:
        """Return the limit for the number of pods, given their number at the beginning of the period."""
        if not self.percent:
            return before + sign * self.value
        share = before * (1 + sign * self.value / 100)
        return math.ceil(share) if sign > 0 else math.floor(share)


@dataclass(frozen=True)
class Direction:
    """Rules for a rise, or for a fall, of the number of pods."""

    window_s: float
    policies: tuple[Policy, ...]


@dataclass(frozen=True)
class Scaler:
    """A ScaledObject with one Prometheus trigger."""

    query: Query
    threshold: float
    least: int
    most: int
    sync_s: float
    up: Direction
    down: Direction

    def faster(self, factor: float) -> "Scaler":
        """Return this scaler with all times divided by ``factor``."""
        up, down = _faster(self.up, factor), _faster(self.down, factor)
        return replace(self, sync_s=self.sync_s / factor, up=up, down=down)


def _faster(direction: Direction, factor: float) -> Direction:
    policies = tuple(replace(policy, period_s=policy.period_s / factor) for policy in direction.policies)
    return Direction(direction.window_s / factor, policies)


def read_scaler(manifest: Mapping[str, Any]) -> Scaler:
    """Read a rendered ScaledObject. Raises ``ScalerUnreadable``."""
    try:
        spec = manifest["spec"]
        (trigger,) = spec["triggers"]
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        if (trigger["type"], trigger["metricType"]) != ("prometheus", "AverageValue"):
            raise ScalerUnreadable("the trigger is not a Prometheus one with an AverageValue")
        return Scaler(
            query=read_query(trigger["metadata"]["query"]),
            threshold=float(trigger["metadata"]["threshold"]),
            least=spec["minReplicaCount"],
            most=spec["maxReplicaCount"],
            sync_s=float(spec["pollingInterval"]),
            up=_direction(behavior["scaleUp"]),
            down=_direction(behavior["scaleDown"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise ScalerUnreadable(
            f"the ScaledObject lacks something or has more than one trigger: {error!r}"
        ) from error


def _direction(behavior: Mapping[str, Any]) -> Direction:
    policies = tuple(
        Policy(one["type"] == "Percent", one["value"], one["periodSeconds"]) for one in behavior["policies"]
    )
    return Direction(behavior["stabilizationWindowSeconds"], policies)


@dataclass
class HorizontalPodAutoscaler:
    """Decisions of one scaler over time, which depend on its earlier recommendations and changes."""

    scaler: Scaler
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _changed: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now_s: float, pods: int, backlog: float | None) -> int:
        """Return the number of pods wanted now. If the backlog is unknown, the number does not change."""
        if backlog is None:
            return pods
        self._recommended.append((now_s, self._recommendation(pods, backlog)))
        wanted = self._stabilised(now_s, pods)
        wanted = min(max(self._allowed(now_s, pods, wanted), self.scaler.least), self.scaler.most)
        if wanted != pods:
            self._changed.append((now_s, wanted - pods))
        return wanted

    def _recommendation(self, pods: int, backlog: float) -> int:
        if pods and abs(backlog / (self.scaler.threshold * pods) - 1) <= TOLERANCE:
            return pods
        wanted = math.ceil(backlog / self.scaler.threshold)
        return min(max(wanted, self.scaler.least), self.scaler.most)

    def _stabilised(self, now_s: float, pods: int) -> int:
        """Return the lowest recent recommendation if it rises above ``pods``, the highest if it falls below."""
        highest = max(self._recent(now_s, self.scaler.down.window_s))
        lowest = min(self._recent(now_s, self.scaler.up.window_s))
        return max(lowest, pods) if lowest > pods else min(highest, pods)

    def _recent(self, now_s: float, window_s: float) -> Sequence[int]:
        latest = self._recommended[-1][1]
        return [wanted for at_s, wanted in self._recommended if at_s > now_s - window_s] or [latest]

    def _allowed(self, now_s: float, pods: int, wanted: int) -> int:
        if wanted > pods:
            return min(wanted, max(self._limits(now_s, pods, self.scaler.up, 1)))
        if wanted < pods:
            return max(wanted, min(self._limits(now_s, pods, self.scaler.down, -1)))
        return pods

    def _limits(self, now_s: float, pods: int, direction: Direction, sign: int) -> list[int]:
        found = []
        for policy in direction.policies:
            changes = [change for at_s, change in self._changed if at_s > now_s - policy.period_s]
            found.append(policy.limit(pods - sum(changes), sign))
        return found
