"""Which gateway hears speech now: the chosen one, or this computer in its place. Pure; time is passed in.

It leaves the chosen one when that was away for some seconds, not at the first answer that is missing; it goes back
when the chosen one was well for some seconds. A gateway that comes and goes is waited for longer each time, so
that not every take goes somewhere else.
"""

from dataclasses import dataclass
from math import inf
from typing import Final

from app.gateways.view import Health

_BAD: Final = frozenset({Health.NOBODY, Health.AWAY, Health.REFUSED})


@dataclass(frozen=True)
class RouteTimes:
    """Seconds. ``away_s``, ``nobody_s``: of that before it is left; refused, it is left at once.

    ``well_s``: of answers before it is gone back to; twice as long, ``most_well_s`` at most, after each time
    that it was left again within ``steady_s``. ``look_s``, ``doubt_s``, ``back_s``: between looks while it is
    well, while it is not, and while this computer is in its place. ``fresh_s``: an older answer is asked for again
    when somebody wants to speak.
    """

    away_s: float = 3.0
    nobody_s: float = 10.0
    well_s: float = 5.0
    most_well_s: float = 300.0
    steady_s: float = 120.0
    look_s: float = 15.0
    doubt_s: float = 1.0
    back_s: float = 3.0
    fresh_s: float = 2.0


class Route:
    """Told what the chosen gateway answers. ``here``: this computer is in its place."""

    def __init__(self, times: RouteTimes | None = None) -> None:
        self.times = times or RouteTimes()
        self.choose(falls_back=True)

    def choose(self, *, falls_back: bool) -> None:
        """Another gateway is chosen, or this computer may be in its place, or no more. Everything begins anew."""
        self._falls_back = falls_back
        self.here = False
        self._health = Health.ASKING
        self._since = 0.0  # of bad answers while elsewhere, of good ones while here
        self._heard_at = self._returned_at = -inf
        self._left_again = 0

    def heard(self, health: Health, now: float) -> bool:
        """What it answered; whether that changes where speech goes."""
        changed = self._back(health, now) if self.here else self._away(health, now)
        self._health, self._heard_at = health, now
        return changed

    def look_in(self, now: float) -> float:
        """Seconds until it should be asked again."""
        times = self.times
        pause = times.back_s if self.here else times.doubt_s if self._health in _BAD else times.look_s
        return max(0.0, self._heard_at + pause - now)

    def stale(self, now: float) -> bool:
        """Whether somebody who wants to speak should have it asked first."""
        return now - self._heard_at >= self.times.fresh_s

    @property
    def well_s(self) -> float:
        """How long it must have been well before it is gone back to."""
        times = self.times
        return min(times.most_well_s, times.well_s * 2.0 ** min(self._left_again, 32))

    def _away(self, health: Health, now: float) -> bool:
        if health not in _BAD:
            return False
        if self._health not in _BAD:
            self._since = now
        patience = {Health.REFUSED: 0.0, Health.NOBODY: self.times.nobody_s}.get(health, self.times.away_s)
        if not self._falls_back or now - self._since < patience:
            return False
        again = now - self._returned_at < self.times.steady_s
        self._left_again = self._left_again + 1 if again else 0
        self.here = True
        return True

    def _back(self, health: Health, now: float) -> bool:
        if health is not Health.WELL:
            return False
        if self._health is not Health.WELL:
            self._since = now
        if now - self._since < self.well_s:
            return False
        self.here, self._returned_at = False, now
        return True
