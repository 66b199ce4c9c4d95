"""Lines that bind the hotkeys in the configuration of a compositor, which gives programs no keys. Pure.

Each line runs ``kikipounamu key``. The app decides whether a press talks or toggles, so the lines are the same in
every mode. The lines for sway and labwc are tested in those; those for Hyprland, niri and river have NOT been run
yet. Sources: sway(5), labwc-config(5), riverctl(1), the wikis of Hyprland and niri.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from app.hotkeys.binding import Binding, parse
from app.hotkeys.errors import HotkeyUnknown
from app.hotkeys.keys import Modifier


class Compositor(StrEnum):
    """Compositors that run commands for keys."""

    SWAY = "sway"
    HYPRLAND = "hyprland"
    NIRI = "niri"
    LABWC = "labwc"
    RIVER = "river"

    @property
    def tells_releases(self) -> bool:
        """True if a key can have one command for its press and one for its release."""
        return self not in {Compositor.NIRI, Compositor.LABWC}


class NoLine(StrEnum):
    """The reason why an action gets no line."""

    LONE = "lone"  # a modifier alone: a combination with it would start the action, and lose the release
    EVERYWHERE = "everywhere"  # the key would be dead in every program, not only while recording
    UNKNOWN = "unknown"  # no such key


@dataclass(frozen=True)
class Lines:
    """The lines, and the actions without one with the reason."""

    lines: tuple[str, ...] = ()
    missing: Mapping[str, NoLine] = field(default_factory=dict)


_SWAY: Final = {Modifier.CTRL: "Ctrl", Modifier.ALT: "Mod1", Modifier.SHIFT: "Shift", Modifier.SUPER: "Mod4"}
_LABWC: Final = {Modifier.CTRL: "C", Modifier.ALT: "A", Modifier.SHIFT: "S", Modifier.SUPER: "W"}
_RIVER: Final = {modifier: modifier.title() for modifier in Modifier} | {Modifier.CTRL: "Control"}


def lines(compositor: Compositor, bindings: Mapping[str, str], program: str, often: str = "") -> Lines:
    """Return the lines for the keys by action; an empty key gets none.

    ``program``: the path of ``kikipounamu``, without characters that a configuration treats in its own way.
    ``often``: the action whose key belongs to the app only at times, so that it must not be a key alone.
    """
    found, missing = list[str](), dict[str, NoLine]()
    for action, text in bindings.items():
        if not text:
            continue
        try:
            binding = parse(text)
        except HotkeyUnknown:
            missing[action] = NoLine.UNKNOWN
            continue
        if binding.lone:
            missing[action] = NoLine.LONE
        elif action == often and not binding.modifiers:
            missing[action] = NoLine.EVERYWHERE
        else:
            found += _WRITERS[compositor](binding, f"{program} key {action}")
    return Lines(tuple(found), missing)


def _symbol(binding: Binding) -> str:
    return binding.key.keysyms[0]


def _joined(binding: Binding, names: Mapping[Modifier, str], between: str) -> str:
    held = [names[modifier] for modifier in Modifier if modifier in binding.modifiers]
    return between.join([*held, _symbol(binding)])


def _sway(binding: Binding, command: str) -> list[str]:
    keys = _joined(binding, _SWAY, "+")
    return [
        f"bindsym --no-repeat {keys} exec {command} press",
        f"bindsym --release {keys} exec {command} release",
    ]


def _hyprland(binding: Binding, command: str) -> list[str]:
    held = " ".join(modifier.upper() for modifier in Modifier if modifier in binding.modifiers)
    keys = f"{held}, {_symbol(binding)}"
    return [f"bind = {keys}, exec, {command} press", f"bindr = {keys}, exec, {command} release"]


def _niri(binding: Binding, command: str) -> list[str]:
    keys = _joined(binding, {modifier: modifier.title() for modifier in Modifier}, "+")
    words = " ".join(f'"{word}"' for word in [*command.split(), "tap"])
    return [f"{keys} repeat=false {{ spawn {words}; }}"]


def _labwc(binding: Binding, command: str) -> list[str]:
    """Bind the release: labwc repeats a press while the key is held, and runs only one line for a key."""
    keys = _joined(binding, _LABWC, "-")
    action = f'<action name="Execute" command="{command} tap"/>'
    return [f'<keybind key="{keys}" onRelease="yes">{action}</keybind>']


def _river(binding: Binding, command: str) -> list[str]:
    held = "+".join(_RIVER[modifier] for modifier in Modifier if modifier in binding.modifiers) or "None"
    keys = f"normal {held} {_symbol(binding)}"
    return [
        f"riverctl map {keys} spawn '{command} press'",
        f"riverctl map -release {keys} spawn '{command} release'",
    ]


_WRITERS: Final[Mapping[Compositor, Callable[[Binding, str], list[str]]]] = {
    Compositor.SWAY: _sway,
    Compositor.HYPRLAND: _hyprland,
    Compositor.NIRI: _niri,
    Compositor.LABWC: _labwc,
    Compositor.RIVER: _river,
}
