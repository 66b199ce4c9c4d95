"""Abilities of a desktop as findings. Pure."""

from typing import Final

from app.desktop.abilities import Ability, AbilityFallback, Support, Why
from app.desktop.view import IN_PLACE, KeyLines
from app.diagnostics.checks.finding import Finding, Topic, advice, ok

_AREAS: Final = {
    Ability.HOTKEYS: Topic.HOTKEYS,
    Ability.INSERTION: Topic.INSERTION,
    Ability.FOCUS: Topic.FOCUS,
    Ability.OVERLAY: Topic.OVERLAY,
    Ability.TRAY: Topic.TRAY,
}


def ability_finding(support: Support, lines: KeyLines | None = None) -> Finding:
    """Return the finding about an ability: its means, or its fallback and what to do.

    ``lines``: those for the hotkeys, which may be written already.
    """
    area, ability = _AREAS[support.ability], support.ability
    if ability is Ability.HOTKEYS and lines is not None and lines.state in IN_PLACE:
        return ok(area, "hotkeys-written", file=lines.place)
    if support.means:
        return ok(area, f"{ability}-{support.means}", means=support.means)
    fallback, why = support.fallback or AbilityFallback.HELD, support.why or Why.NO_PORTAL
    key = f"{ability}-{fallback if why is Why.NO_PORTAL else why}"
    return advice(area, key, fallback=fallback, why=why)
