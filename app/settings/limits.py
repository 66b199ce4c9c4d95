"""What may be deleted, as the settings say; read without what writes them, a part of the desktop extra."""

import tomllib
from collections.abc import Sequence
from math import inf
from pathlib import Path

from app.capture.retention import RetentionLimits
from app.settings.errors import BadSetting, SettingsError, SettingsUnreadable
from app.settings.place import settings_place
from app.settings.schema import from_mapping
from app.settings.sections import Settings


def limits_of(settings: Settings, problems: Sequence[SettingsError]) -> RetentionLimits:
    """Nothing, while it cannot be read for how long recordings are wanted."""
    doubtful = any(
        not isinstance(problem, BadSetting) or problem.name.startswith("history") for problem in problems
    )
    return RetentionLimits(inf, inf) if doubtful else settings.history.limits


def limits_now(place: Path | None = None) -> RetentionLimits:
    """The same of the file of this user, for a command that runs beside no app. Blocks."""
    try:
        document = tomllib.loads((place or settings_place()).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        document = {}
    except (OSError, ValueError, RecursionError) as error:
        return limits_of(Settings(), [SettingsUnreadable(str(error))])
    return limits_of(*from_mapping(document))
