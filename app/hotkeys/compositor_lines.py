"""Lines that bind the hotkeys in the configuration of a compositor that offers programs no hotkeys. Pure.

Each line runs ``kikipounamu key``. The app decides whether a press talks or toggles, so the lines are the same in
every mode. The lines for sway and labwc are tested in those; those for Hyprland, niri and river have NOT been run
yet. Sources: sway(5), labwc-config(5), riverctl(1), the wikis of Hyprland and niri.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.hotkeys.binding import Binding, Modifier, parse
from app.hotkeys.errors import HotkeyUnknown


class Compositor(StrEnum):
    """Compositors that run commands for keys."""

    SWAY = "sway"
    HYPRLAND = "hyprland"
    NIRI = "niri"
    LABWC = "labwc"
    RIVER = "river"

    @property
    def reports_releases(self) -> bool:
        """True if a key can have one command for its press and one for its release."""
        return self not in {Compositor.NIRI, Compositor.LABWC}


@dataclass(frozen=True)
class Lines:
    """The lines, and the actions without one with the reason: a part of the key of a text."""

    lines: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Syntax:
    """The notation of a compositor. ``names``: of modifiers, joined by ``between``; ``none``: for no modifier.

    ``templates``: of the lines, with the fields ``held`` (the modifiers), ``key``, ``keys`` (modifiers and key),
    ``command``, and ``words`` (those of the command in quotation marks).
    """

    templates: tuple[str, ...]
    names: Mapping[Modifier, str]
    between: str = "+"
    none: str = ""


_TITLES: Final = {modifier: modifier.title() for modifier in Modifier}
_SYNTAXES: Final = {
    Compositor.SWAY: _Syntax(
        # By the key's place in the first layout: in a Russian or Greek one no key gives a Latin letter.
        (
            "bindsym --to-code --no-repeat {keys} exec {command} press",
            "bindsym --to-code --release {keys} exec {command} release",
        ),
        {**_TITLES, Modifier.ALT: "Mod1", Modifier.SUPER: "Mod4"},
    ),
    Compositor.HYPRLAND: _Syntax(
        ("bind = {held}, {key}, exec, {command} press", "bindr = {held}, {key}, exec, {command} release"),
        {modifier: modifier.upper() for modifier in Modifier},
        between=" ",
    ),
    Compositor.NIRI: _Syntax(('{keys} repeat=false {{ spawn {words} "tap"; }}',), _TITLES),
    # The release: labwc repeats a press while the key is held, and runs only one line for a key.
    Compositor.LABWC: _Syntax(
        ('<keybind key="{keys}" onRelease="yes"><action name="Execute" command="{command} tap"/></keybind>',),
        {modifier: modifier[0].upper() for modifier in Modifier} | {Modifier.SUPER: "W"},
        between="-",
    ),
    Compositor.RIVER: _Syntax(
        (
            "riverctl map normal {held} {key} spawn '{command} press'",
            "riverctl map -release normal {held} {key} spawn '{command} release'",
        ),
        _TITLES | {Modifier.CTRL: "Control"},
        none="None",
    ),
}


def lines(compositor: Compositor, bindings: Mapping[str, str], program: str, often: str = "") -> Lines:
    """Return the lines for the keys by action; an empty key gets none.

    ``program``: the path of ``kikipounamu``, without characters that a configuration treats in its own way.
    ``often``: the action whose key belongs to the app only at times, so that it needs a modifier.
    """
    found, missing = list[str](), dict[str, str]()
    for action, text in bindings.items():
        if not text:
            continue
        try:
            binding = parse(text)
        except HotkeyUnknown:
            missing[action] = "unknown"
            continue
        if binding.lone:
            missing[action] = "lone"  # a combination would start the action, and lose the release
        elif action == often and not binding.modifiers:
            missing[action] = "everywhere"  # it would be dead in every program, not only while recording
        else:
            found += _binding_lines(_SYNTAXES[compositor], binding, f"{program} key {action}")
    return Lines(tuple(found), missing)


def _binding_lines(syntax: _Syntax, binding: Binding, command: str) -> Iterator[str]:
    held = [syntax.names[modifier] for modifier in Modifier if modifier in binding.modifiers]
    key, words = binding.key.keysyms[0], " ".join(f'"{word}"' for word in command.split())
    keys = syntax.between.join([*held, key])
    for template in syntax.templates:
        yield template.format(
            held=syntax.between.join(held) or syntax.none, keys=keys, key=key, command=command, words=words
        )
