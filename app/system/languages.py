"""Find the language of the user's system, as ISO 639 code."""

import ctypes
import locale
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # the first one that is set counts
_MAC: Final = ("defaults", "read", "-g", "AppleLocale")
_DEADLINE_S: Final = 2.0


def system_language(
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    ask: "Callable[[], str] | None" = None,
) -> str:
    """Return the code of the system's language, such as ``zh``; empty if it has none. Blocks briefly.

    ``ask``: returns the name of the locale on macOS and Windows, which set no variable for programs with windows.
    """
    if platform in {"darwin", "win32"}:
        name = (ask or _system_language)()
    else:
        name = next(filter(None, map(environ.get, _VARIABLES)), "") or ""
    code = name.strip().partition(":")[0].replace("-", "_").partition(".")[0].partition("_")[0].lower()
    return code if code.isascii() and code.isalpha() and len(code) in (2, 3) else ""  # not C or POSIX


def _system_language() -> str:
    if sys.platform == "win32":
        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    try:
        output = subprocess.run(_MAC, capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return output.stdout
