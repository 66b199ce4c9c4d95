"""The five first steps and their order. Pure."""

from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """Each sets something, or shows that it works; the last one shows that everything does."""

    LANGUAGE = "language"
    MICROPHONE = "microphone"
    HOTKEY = "hotkey"
    PLACE = "place"
    SENTENCE = "sentence"


STEPS: Final = tuple(Step)
WELCOMED: Final = "general.welcomed"
FIRST_STEP: Final = "general.first_step"
"""How they are called in the settings."""


def number(step: Step) -> int:
    """From 1 on."""
    return STEPS.index(step) + 1


def after(step: Step) -> Step | None:
    """The next one; ``None`` after the last."""
    return STEPS[number(step)] if number(step) < len(STEPS) else None


def before(step: Step) -> Step | None:
    """The one before; ``None`` before the first."""
    return STEPS[number(step) - 2] if number(step) > 1 else None
