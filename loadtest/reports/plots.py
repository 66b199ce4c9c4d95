"""Plots as SVG, without library or script. Colours come from the page (``--s0`` …), for light and dark."""

import math
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 34
_COLOURS: Final = 6
_STEPS: Final = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0)


class Series(NamedTuple):
    """Named line of a plot; ``None`` leaves a gap in it."""

    name: str
    points: Sequence[tuple[float, float | None]]


class PlotSpan(NamedTuple):
    """Named span of time, in seconds."""

    begin: float
    end: float
    name: str


def lines(title: str, series: Sequence[Series], unit: str, spans: Sequence[PlotSpan] = ()) -> str:
    """Plot values over seconds, from 0, with the spans in the background."""
    there = [one for one in series if any(y is not None for _, y in one.points)]
    if not there:
        return ""
    right = max(x for one in there for x, _ in one.points) or 1.0
    top = nice(max(y for one in there for _, y in one.points if y is not None))
    frame = _Frame(right, top)
    drawn = "".join(
        f'<path class="line s{index % _COLOURS}" d="{frame.path(one.points)}"/>' for index, one in enumerate(there)
    )
    behind = "".join(map(frame.span, spans))
    return _figure(title, unit, [one.name for one in there], behind + frame.axes("s") + drawn)


def bars(title: str, names: Sequence[str], bins: Sequence[Sequence[tuple[float, int]]], unit: str) -> str:
    """Plot distributions side by side.

    Each is a list of (upper edge in ms, count), whose edges are equal steps on a logarithmic scale.
    """
    edges = sorted({edge for one in bins for edge, _ in one})
    if not edges:
        return ""
    top = nice(max(count for one in bins for _, count in one))
    frame = _Frame(float(len(edges)), top)
    width = frame.x(1) - frame.x(0)
    drawn = "".join(
        f'<rect class="bar s{index}" x="{frame.x(edges.index(edge)) + 1 + index * width / len(bins):.1f}" '
        f'y="{frame.y(count):.1f}" width="{max(1.0, width / len(bins) - 1):.1f}" '
        f'height="{frame.y(0) - frame.y(count):.1f}"><title>{escape(names[index])}, up to {edge:g} ms: {count}'
        "</title></rect>"
        for index, one in enumerate(bins)
        for edge, count in one
    )
    marks = [(place + 1.0, f"{edge:.0f}") for place, edge in enumerate(edges) if place % 5 == 0]
    return _figure(title, unit, names, frame.axes("ms", marks) + drawn)


def nice(value: float) -> float:
    """Return a round number that is at least ``value``."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (*_STEPS, 20.0) if step * power >= value)


class _Frame:
    def __init__(self, right: float, top: float) -> None:
        self._right, self._top = right, top

    def x(self, value: float) -> float:
        return _LEFT + value / self._right * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value / self._top * (_HEIGHT - _TOP - _BOTTOM)

    def path(self, points: Sequence[tuple[float, float | None]]) -> str:
        commands, pen = [], "M"
        for x, y in points:
            if y is None:
                pen = "M"
                continue
            commands.append(f"{pen}{self.x(x):.1f} {self.y(y):.1f}")
            pen = "L"
        return "".join(commands)

    def span(self, span: PlotSpan) -> str:
        left, right = (min(self.x(x), _WIDTH - _RIGHT) for x in span[:2])
        place = (
            f'x="{left:.1f}" y="{_TOP}" width="{max(1.0, right - left):.1f}" height="{_HEIGHT - _BOTTOM - _TOP}"'
        )
        return f'<rect class="span" {place}><title>{span.begin:g} s: {escape(span.name)}</title></rect>'

    def axes(self, unit: str, marks: Sequence[tuple[float, str]] | None = None) -> str:
        """Draw grid and labels; without ``marks``, the horizontal axis shows seconds."""
        if marks is None:
            step = nice(self._right / 6)
            marks = [(index * step, f"{index * step:g}") for index in range(int(self._right / step) + 1)]
        rows = [self._top * quarter / 4 for quarter in range(5)]
        grid = "".join(f'<path class="grid" d="M{_LEFT} {self.y(y):.1f}H{_WIDTH - _RIGHT}"/>' for y in rows)
        left = "".join(f'<text x="{_LEFT - 6}" y="{self.y(y) + 4:.1f}" class="end">{y:g}</text>' for y in rows)
        below = "".join(
            f'<text x="{self.x(x):.1f}" y="{_HEIGHT - 14}" class="middle">{escape(text)}</text>'
            for x, text in marks
        )
        return f'{grid}{left}{below}<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 1}" class="end">{unit}</text>'


def _figure(title: str, unit: str, names: Sequence[str], drawn: str) -> str:
    legend = "".join(
        f'<span class="key"><i class="s{index % _COLOURS}"></i>{escape(name)}</span>'
        for index, name in enumerate(names)
    )
    label = escape(f"{title}, {unit}: {', '.join(names)}")
    return (
        f"<figure><figcaption>{escape(title)} <small>{escape(unit)}</small><br>{legend}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{drawn}</svg></figure>'
    )
