"""Decide what the surroundings of the caret mean for an insertion. Pure, except for the asking."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from app.insertion.outcome import FocusKind, HoldReason, ReadAround, Target, TextSurroundings
from app.insertion.plan import Rules
from app.insertion.programs import same_program


class ReadingOptions(Protocol):
    """Settings of reading: whether to read, whether texts get spaces, and the rules for programs."""

    @property
    def read_text(self) -> bool:
        """Permission to read the text around the caret."""

    @property
    def joins(self) -> bool:
        """True if a text gets a space before it where one is needed."""

    @property
    def rules(self) -> Rules:
        """The rules of insertion."""


@dataclass(frozen=True)
class PermittedReader:
    """A ``ReadAround`` that asks only if the user permits it. ``options``: the current settings."""

    read: ReadAround
    options: Callable[[], ReadingOptions]

    async def __call__(self, target: Target) -> TextSurroundings | None:
        """Return what surrounds the caret, if it may be read."""
        options = self.options()
        if not options.read_text:
            return None
        found = with_rules(await self.read(target), target, options.rules)
        return found if found is None or options.joins else replace(found, before=None)


def with_rules(found: TextSurroundings | None, target: Target, rules: Rules) -> TextSurroundings | None:
    """Return the surroundings; where the user has a rule for the program, no field is not concluded."""
    ruled = any(same_program(rule.program, target.program) for rule in rules.programs)
    return None if ruled and found is not None and found.kind is FocusKind.NO_FIELD else found


def refusal(found: TextSurroundings | None, *, requested: bool) -> HoldReason | None:
    """Return why a text is held. ``requested``: the user asks for it now, so that a field is assumed."""
    if found is None or found.kind is FocusKind.FIELD:
        return None
    if found.kind is FocusKind.PASSWORD:
        return HoldReason.PASSWORD
    return None if requested else HoldReason.NO_FIELD
