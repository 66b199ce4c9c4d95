"""Retention limits from the settings, read without the TOML writer of the desktop extra."""

from collections.abc import Sequence
from math import inf
from pathlib import Path

from app.journal.retention import RetentionLimits
from app.settings.current import settings_now
from app.settings.errors import BadSetting, SettingsError
from app.settings.sections import Settings


def limits_of(settings: Settings, problems: Sequence[SettingsError]) -> RetentionLimits:
    """Return the retention limits; unlimited while the history settings cannot be read."""
    doubtful = any(
        not isinstance(problem, BadSetting) or problem.name.startswith("history") for problem in problems
    )
    return RetentionLimits(inf, inf) if doubtful else settings.history.limits


def limits_now(place: Path | None = None) -> RetentionLimits:
    """Return the retention limits of this user's file, for a command that runs without the app. Blocks."""
    return limits_of(*settings_now(place))
