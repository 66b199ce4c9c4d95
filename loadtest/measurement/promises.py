"""Promises of a scenario, and whether they were kept. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from loadtest.measurement.figures import Figures


class Promise(Struct, frozen=True):
    """Promise of a scenario. ``kept``: ``None`` if it could not be measured, such as memory of another computer.

    ``found``: what was measured, for people; ``values``: the same as numbers.
    """

    name: str
    kept: bool | None
    found: str
    values: dict[str, float | None] = {}


def none_broken(promises: Iterable[Promise]) -> bool:
    """Return whether no promise is broken."""
    return all(promise.kept is not False for promise in promises)


def judge_speakers(figures: Figures) -> Promise:
    """Judge the speakers: every segment ended once and correctly, even if clients were refused meanwhile."""
    found = f"{figures.right} of {figures.segments} right, {figures.twice} twice"
    found += f", {figures.lost_sessions} sessions lost"
    others = {"wrong": figures.wrong, "failed": figures.failed, "without a result": figures.missing}
    others["attempts too early"] = figures.early
    if figures.back is not None:
        others["cut clients that did not return"] = figures.back.ready - figures.back.returned
    found += "".join(f", {count} {what}" for what, count in others.items() if count)
    values: dict[str, float | None] = {"segments": figures.segments, "right": figures.right}
    return Promise("every segment is recognised exactly once", figures.flawless, found, values)


def judge_bystanders(figures: Figures, most_p95_ms: float) -> Promise:
    """Judge ordinary speakers under a special load: flawless, never refused, and without long waits."""
    p95 = figures.final_after_stop_ms_p95
    kept = figures.flawless and not figures.refusals and p95 is not None and p95 <= most_p95_ms
    found = f"{figures.right} of {figures.segments} right, {figures.refusals} refusals, p95 {_figure_text(p95)} ms"
    name = f"other speakers are not affected, p95 at most {most_p95_ms:,.0f} ms"
    return Promise(name, kept, found, {"p95_ms": p95})


def at_most(name: str, value: float | None, most: float, unit: str) -> Promise:
    """Judge a value; ``None``: it was not measured."""
    named = f"{name}: at most {most:g} {unit}"
    if value is None:
        return Promise(named, None, "not measured: the gateway runs on another computer")
    return Promise(named, value <= most, f"{_figure_text(value)} {unit}", {"value": value})


def _figure_text(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".")
