"""Complete values of options and arguments when the user presses Tab.

A shell waits for the answer, so this imports little. If something cannot be read, there are no completions.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from runtime.folders import folders
from runtime.whole_file import read_regular

Found = list[tuple[str, str]]
"""Pairs of a value and its description, which zsh and fish show."""

_MOST: Final = 100
_ID_LENGTH: Final = 36


def complete_model() -> Found:
    """Return the models of the catalogue, with their licences."""
    from speech.models.catalogue import load_catalogue
    from speech.models.errors import ModelError

    with suppress(ModelError):
        return [(model.name, model.licence) for model in load_catalogue().models]
    return []


def complete_installed_model() -> Found:
    """Return the models of the catalogue that have a folder on this computer."""
    here = set(_names(folders().models.as_posix()))
    return [(name, licence) for name, licence in complete_model() if name in here]


def complete_take() -> Found:
    """Return the ids of the recordings that changed last, each with the time of its change."""
    made: list[tuple[float, str]] = []
    with suppress(OSError), os.scandir(folders().data / "takes") as entries:
        for entry in entries:
            if len(entry.name) == _ID_LENGTH:
                with suppress(OSError):
                    made.append((entry.stat().st_mtime, entry.name))
    newest = sorted(made, reverse=True)[:_MOST]
    return [(name, time.strftime("%Y-%m-%d %H:%M", time.localtime(at))) for at, name in newest]


def complete_gateway() -> Found:
    """Return the names of paired gateways, or the id if a name is not a single word."""
    from app.gateways.store import decode, gateways_file

    with suppress(OSError, ValueError):
        paired = decode(read_regular(gateways_file()))
        return [(one.display_name if one.display_name.isalnum() else one.id, one.display_name) for one in paired]
    return []


def complete_language() -> Found:
    """Return the languages that at least one model of the catalogue supports."""
    from speech.models.catalogue import load_catalogue
    from speech.models.errors import ModelError

    with suppress(ModelError):
        codes = {code for model in load_catalogue().models for code in model.languages}
        return [("auto", "any language"), *((code, "") for code in sorted(codes))]
    return []


def complete_engine() -> Found:
    """Return the names of the installed engines."""
    from importlib import metadata

    return [(point.name, "") for point in metadata.entry_points(group="kikipounamu.engines")]


def _names(folder: str) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return ()
