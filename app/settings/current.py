"""The settings file as it is now, read without the TOML writer of the desktop extra."""

import tomllib
from collections.abc import Sequence
from math import inf
from pathlib import Path

from app.journal.retention import RetentionLimits
from app.settings.errors import BadSetting, SettingsError, SettingsUnreadable
from app.settings.path import settings_place
from app.settings.schema import from_mapping
from app.settings.sections import Settings
from runtime.terminal import reason
from runtime.whole_file import read_regular


def settings_now(place: Path | None = None) -> tuple[Settings, Sequence[SettingsError]]:
    """Return this user's settings and their problems, for a command that runs without the app. Blocks."""
    try:
        document = tomllib.loads(read_regular(place or settings_place()).decode("utf-8-sig"))
    except FileNotFoundError:
        document = {}
    except UnicodeDecodeError:
        return Settings(), [SettingsUnreadable("it is not written in UTF-8: save it as that")]
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), [SettingsUnreadable(reason(error))]
    return from_mapping(document)


def limits_of(settings: Settings, problems: Sequence[SettingsError]) -> RetentionLimits:
    """Return the retention limits; unlimited while the history settings cannot be read."""
    doubtful = any(
        not isinstance(problem, BadSetting) or problem.name.startswith("history") for problem in problems
    )
    return RetentionLimits(inf, inf) if doubtful else settings.history.limits


def limits_now(place: Path | None = None) -> RetentionLimits:
    """Return the retention limits of this user's file, for a command that runs without the app. Blocks."""
    return limits_of(*settings_now(place))
