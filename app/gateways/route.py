"""Decide which gateway gets speech: the chosen one, or this computer as a substitute. Pure; time is passed in.

The chosen gateway is left after several bad seconds, not at the first missing answer. It is used again after it
was well for several seconds. An unstable gateway must be well for longer each time, so that takes do not
alternate between places.
"""

from dataclasses import dataclass
from math import inf
from typing import Final

from app.gateways.view import GatewayHealth

_BAD: Final = frozenset({GatewayHealth.NO_WORKER, GatewayHealth.AWAY, GatewayHealth.REFUSED})


@dataclass(frozen=True)
class RouteTimes:
    """Times in seconds. ``away_s``, ``no_worker_s``: a gateway that is away, or has no worker, is left after this.

    A gateway that refuses this computer is left at once. ``well_s``: how long it must be well before it is used
    again; doubled, up to ``most_well_s``, each time it is left again within ``steady_s``. ``check_s``,
    ``doubt_s``, ``back_s``: pauses between queries while it is well, while it is not, and while this computer
    substitutes for it. ``fresh_s``: an older answer is refreshed when the user wants to speak.
    """

    away_s: float = 3.0
    no_worker_s: float = 10.0
    well_s: float = 5.0
    most_well_s: float = 300.0
    steady_s: float = 120.0
    check_s: float = 15.0
    doubt_s: float = 1.0
    back_s: float = 3.0
    fresh_s: float = 2.0


class Route:
    """The choice between the chosen gateway and this computer. ``here``: this computer substitutes for it."""

    def __init__(self, times: RouteTimes | None = None) -> None:
        self.times = times or RouteTimes()
        self.choose(falls_back=True)

    def choose(self, *, falls_back: bool) -> None:
        """Start over: another gateway is chosen, or the substitution was enabled or disabled."""
        self._falls_back = falls_back
        self.here = False
        self._health = GatewayHealth.ASKING
        self._since = 0.0  # start of bad answers, or of good ones while ``here``
        self._answered_at = self._returned_at = -inf
        self._left_again = 0

    def answered(self, health: GatewayHealth, now: float) -> bool:
        """Handle an answer of the gateway; return whether the destination of speech changed."""
        changed = self._returns(health, now) if self.here else self._leaves(health, now)
        self._health, self._answered_at = health, now
        return changed

    def next_check_s(self, now: float) -> float:
        """Return the seconds until the next query is due."""
        times = self.times
        pause = times.back_s if self.here else times.doubt_s if self._health in _BAD else times.check_s
        return max(0.0, self._answered_at + pause - now)

    def stale(self, now: float) -> bool:
        """Return whether the gateway should be queried again before the user speaks."""
        return now - self._answered_at >= self.times.fresh_s

    @property
    def well_s(self) -> float:
        """How long the gateway must be well before it is used again."""
        times = self.times
        return min(times.most_well_s, times.well_s * 2.0 ** min(self._left_again, 32))

    def _leaves(self, health: GatewayHealth, now: float) -> bool:
        if health not in _BAD:
            return False
        if self._health not in _BAD:
            self._since = now
        patience = {GatewayHealth.REFUSED: 0.0, GatewayHealth.NO_WORKER: self.times.no_worker_s}.get(
            health, self.times.away_s
        )
        if not self._falls_back or now - self._since < patience:
            return False
        again = now - self._returned_at < self.times.steady_s
        self._left_again = self._left_again + 1 if again else 0
        self.here = True
        return True

    def _returns(self, health: GatewayHealth, now: float) -> bool:
        if health is not GatewayHealth.WELL:
            return False
        if self._health is not GatewayHealth.WELL:
            self._since = now
        if now - self._since < self.well_s:
            return False
        self.here, self._returned_at = False, now
        return True
