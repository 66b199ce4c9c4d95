"""Check, before the app starts, that it can open windows: Qt is installed, and there is a display."""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

from app.core.errors import AppError
from runtime.installing import extra_command

_SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def check_windows(environment: Mapping[str, str]) -> None:
    """Raise ``AppError`` if no window can be opened. Qt would end the process without a remedy."""
    if find_spec("PySide6") is None:
        raise AppError(f"the library of the windows is not installed: run `{extra_command('desktop')}`")
    if sys.platform == "linux" and not any(map(environment.get, _SCREENS)):
        raise AppError(
            "the app needs a display: start it in a desktop session. Without one, `kikipounamu listen` dictates "
            "into the terminal, and `kikipounamu transcribe` writes down files"
        )
