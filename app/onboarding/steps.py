"""The five first steps and their order. Pure."""

from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """The first steps. Each sets or demonstrates one thing; the last demonstrates dictation as a whole."""

    LANGUAGE = "language"
    MICROPHONE = "microphone"
    HOTKEY = "hotkey"
    PLACE = "place"
    SENTENCE = "sentence"


STEPS: Final = tuple(Step)
WELCOMED: Final = "general.welcomed"
FIRST_STEP: Final = "general.first_step"
"""Names of the settings."""


def number(step: Step) -> int:
    """Return the number of a step, from 1."""
    return STEPS.index(step) + 1


def after(step: Step) -> Step | None:
    """Return the next step; ``None`` after the last."""
    return STEPS[number(step)] if number(step) < len(STEPS) else None


def before(step: Step) -> Step | None:
    """Return the previous step; ``None`` before the first."""
    return STEPS[number(step) - 2] if number(step) > 1 else None
