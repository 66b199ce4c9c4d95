"""Compute how to add our lines to the configuration of a compositor, and how to remove them. Pure.

The lines are in a file of ours. The user's own file gets a line that includes it, with a comment above.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.hotkeys.compositor_lines import Compositor

_OWN: Final = "# Written by kikipounamu: Settings > Microphone and key. Changes here are lost."
_COMMENT: Final = "# Keys for dictation, by kikipounamu"
_PLAIN: Final = re.compile(r"[\w@+=:./-]+")
_LAST: Final = re.compile(r"^(\s*(exec|wait)|exit)\b")  # a shell runs nothing after such a line


@dataclass(frozen=True)
class Places:
    """The user's file, our file beside it, and the line that includes ours.

    ``script``: both are shell scripts. ``base``: initial content of the user's file if it does not exist yet.
    """

    main: Path
    own: Path
    include: str
    script: bool = False
    base: str = ""


@dataclass(frozen=True)
class ConfigurationText:
    """The contents of both files; ``own`` is ``None`` if our file does not exist."""

    main: str
    own: str | None = None


def is_plain(text: str) -> bool:
    """Return whether a path has no character that is special in a configuration or a shell."""
    return _PLAIN.fullmatch(text) is not None


def usual_files(compositor: Compositor, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the paths where this compositor looks for the user's configuration, by precedence."""
    home, settings = _folders(environment)
    return {
        Compositor.SWAY: (home / ".sway" / "config", settings / "sway" / "config"),
        Compositor.HYPRLAND: (settings / "hypr" / "hyprland.conf",),
        Compositor.NIRI: (settings / "niri" / "config.kdl",),
        Compositor.LABWC: (settings / "labwc" / "rc.xml",),
        Compositor.RIVER: (settings / "river" / "init",),
    }[compositor]


def other_files(compositor: Compositor, environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the paths that this compositor reads if the user has no configuration, by precedence.

    Only files that a configuration can include. Source: sway(1), "CONFIGURATION".
    """
    if compositor is not Compositor.SWAY:
        return ()
    home, settings = _folders(environment)
    return (home / ".i3" / "config", settings / "i3" / "config", Path("/etc/sway/config"))


def _folders(environment: Mapping[str, str]) -> tuple[Path, Path]:
    """Return the user's home and configuration folder."""
    home = Path(environment.get("HOME") or "/nonexistent")
    chosen = environment.get("XDG_CONFIG_HOME", "")
    return home, Path(chosen) if chosen.startswith("/") else home / ".config"


def places(compositor: Compositor, main: Path) -> Places | None:
    """Return the files to write; ``None`` if this compositor cannot include a file of this path."""
    script = compositor is Compositor.RIVER
    own = main.with_name("kikipounamu.sh" if script else "kikipounamu.conf")
    how = {Compositor.SWAY: "include {}", Compositor.HYPRLAND: "source = {}", Compositor.RIVER: "sh {}"}
    if compositor not in how or not is_plain(str(own)):
        return None
    return Places(main, own, how[compositor].format(own), script)


def with_lines(before: ConfigurationText, where: Places, lines: tuple[str, ...]) -> ConfigurationText:
    """Return the contents with our lines; adding them twice changes nothing."""
    own = "\n".join([_OWN, *lines, ""])
    text = (before.main or where.base).splitlines(keepends=True)
    if any(line.strip() == where.include for line in text):
        return ConfigurationText(before.main, own)
    if text and not text[-1].endswith("\n"):
        text[-1] += "\n"
    ends = (place for place, line in enumerate(text) if where.script and _LAST.match(line))
    at = next(ends, len(text))
    text[at:at] = ["\n", f"{_COMMENT}\n", f"{where.include}\n"]
    return ConfigurationText("".join(text), own)


def without_lines(before: ConfigurationText, where: Places) -> ConfigurationText:
    """Return the contents without our file and the lines that we added."""
    text = before.main.splitlines(keepends=True)
    kept = list[str]()
    for line in text:
        if line.strip() == where.include:
            if kept and kept[-1].strip() == _COMMENT:
                del kept[-1]
                if kept and not kept[-1].strip():
                    del kept[-1]
            continue
        kept.append(line)
    return ConfigurationText("".join(kept))


def difference(before: ConfigurationText, after: ConfigurationText, where: Places) -> str:
    """Return the change of both files as a unified diff; empty without a change."""
    pairs = ((where.main, before.main, after.main), (where.own, before.own or "", after.own or ""))
    found = list[str]()
    for place, old, new in pairs:
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), str(place), str(place), lineterm="", n=2)
        found += lines
    return "\n".join(found)
