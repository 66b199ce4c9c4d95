"""Entry of the app among the desktop's programs, with actions for what is wanted without its window.

The entry is written for the user when the app starts, because a Python package cannot install one. An entry that
already starts the app, or that the user has hidden, stays as it is. Only Linux has such entries.
"""

import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from app.core.child_process import find_program
from app.core.identity import APP_ID
from app.system.autostart import HOME, NAME, FileEntry, desktop_command, quoted

_ACTIONS: Final = (
    ("toggle", "Start or stop dictation", "开始或停止听写"),
    ("paste-held", "Paste text", "粘贴文字"),
    ("quit", "Quit", "退出"),
)
"""Commands of ``kikipounamu`` with their English and Chinese names."""


def launcher_entry(program: str, icon: str) -> str:
    """Return the desktop entry, following the Desktop Entry specification."""
    through = "env " if "%" in program else ""  # GLib takes %% in a program name literally
    lines = [
        "[Desktop Entry]",
        "Type=Application",
        f"Name={NAME}",
        "GenericName=Dictation",
        "GenericName[zh_CN]=语音听写",
        f"Exec={through}{quoted(program)} app",
        f"Icon={icon}",
        "Terminal=false",
        "Categories=Utility;Accessibility;",
        f"StartupWMClass={NAME}",
        f"Actions={''.join(f'{verb};' for verb, _, _ in _ACTIONS)}",
        "",
    ]
    for verb, english, chinese in _ACTIONS:
        lines += [f"[Desktop Action {verb}]", f"Name={english}", f"Name[zh_CN]={chinese}"]
        lines += [f"Exec={through}{quoted(program)} {verb}", ""]
    return "\n".join(lines)


def launcher(environment: Mapping[str, str], program: str) -> FileEntry:
    """Return the entry in the folder of the user's own programs."""
    chosen = environment.get("XDG_DATA_HOME", "")
    home = Path(environment.get("HOME") or Path.home())
    base = Path(chosen) if os.path.isabs(chosen) else home / ".local" / "share"  # relative paths are ignored
    icon = str(files("app.ui.theme").joinpath("icons", "app.svg"))
    return FileEntry(base / "applications" / f"{APP_ID}.desktop", launcher_entry(program, icon), desktop_command)


def keep_launcher(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> None:
    """Write the entry if it is missing or starts another program. Raises ``AutostartRefused``.

    An app with a home of its own gets none: it is not the user's usual one.
    """
    if platform.startswith("linux") and not environment.get(HOME):
        launcher(environment, find_program(NAME)).mend()
