"""The three first steps, their order, and which of them are still open. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """The first steps, with their names in the settings file. The last one demonstrates dictation as a whole."""

    WELCOME = "language"
    KEY = "hotkey"
    TRY = "sentence"


STEPS: Final = tuple(Step)
WELCOMED: Final = "general.welcomed"
FIRST_STEP: Final = "general.first_step"
OPEN_STEPS: Final = "general.open_steps"
"""Names of the settings."""
_EARLIER: Final = {"microphone": Step.WELCOME, "place": Step.TRY}
"""Steps of an earlier version, which had five."""


def step_named(name: str) -> Step:
    """Return the step for a name in the settings file, which may come from an earlier version."""
    return _EARLIER.get(name) or Step(name)


@dataclass(frozen=True)
class StepProgress:
    """Steps to go through, the current one, and those that are done."""

    steps: tuple[Step, ...] = STEPS
    at: Step = STEPS[0]
    done: frozenset[Step] = frozenset()

    @property
    def number(self) -> int:
        """Number of the current step, from 1."""
        return self.steps.index(self.at) + 1

    @property
    def following(self) -> Step | None:
        """Next step; ``None`` after the last."""
        return self.steps[self.number] if self.number < len(self.steps) else None

    @property
    def previous(self) -> Step | None:
        """Previous step; ``None`` before the first."""
        return self.steps[self.number - 2] if self.number > 1 else None

    def open(self, before: Iterable[str] = ()) -> tuple[Step, ...]:
        """Return the steps that are not done; of ``before``, those that are not gone through stay open too."""
        others = frozenset(before) - frozenset(self.steps)
        mine = frozenset(self.steps) - self.done
        return tuple(step for step in STEPS if step in mine or step.value in others)

    def finished(self) -> "StepProgress":
        """Return the progress with the current step done."""
        return replace(self, done=self.done | {self.at})

    def moved(self, step: Step) -> "StepProgress":
        """Return the progress at another step."""
        return replace(self, at=step)


def begun(open_steps: Iterable[str], first_step: str) -> StepProgress:
    """Return the progress that the settings describe.

    Without open steps, all steps count; those before ``first_step`` were done by an earlier version.
    """
    first, named = step_named(first_step), frozenset(open_steps)
    steps = tuple(step for step in STEPS if step.value in named)
    if steps:
        return StepProgress(steps, first if first in steps else steps[0])
    return StepProgress(STEPS, first, frozenset(STEPS[: STEPS.index(first)]))
