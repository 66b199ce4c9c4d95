"""Settings in force, and the problems of their file. Blocks.

Reads the file without the module that writes it, because that one needs the desktop extra.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from app.diagnostics.checks.finding import Finding, Topic, ok, wrong
from app.settings.errors import BadSetting
from app.settings.schema import from_mapping
from app.settings.sections import Settings


class ActiveSettings(NamedTuple):
    """Settings in force, with the problems of their file.

    ``broken``: why the file cannot be read; then only defaults are in force. ``there``: true if the file exists.
    """

    settings: Settings = Settings()
    problems: tuple[BadSetting, ...] = ()
    broken: str = ""
    there: bool = True


def read(place: Path) -> ActiveSettings:
    """Read the settings file; without one, return the defaults."""
    try:
        document = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ActiveSettings(there=False)
    except OSError as error:
        return ActiveSettings(broken=error.strerror or type(error).__name__)
    except (ValueError, RecursionError) as error:
        return ActiveSettings(broken=str(error))
    return ActiveSettings(*from_mapping(document))


def settings(chosen: ActiveSettings, place: Path) -> Sequence[Finding]:
    """Return a finding for each problem of the settings file, or one that all is well."""
    if chosen.broken:
        return [wrong(Topic.SETTINGS, "settings-broken", file=str(place), error=chosen.broken)]
    if chosen.problems:
        return [
            wrong(Topic.SETTINGS, "setting-bad", file=str(place), name=problem.name, error=problem.fault)
            for problem in chosen.problems
        ]
    return [ok(Topic.SETTINGS, "settings-good" if chosen.there else "settings-default", file=str(place))]
