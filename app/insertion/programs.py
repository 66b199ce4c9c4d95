"""Known programs: which are terminals, and which keys paste into them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.insertion.outcome import Inserter, Insertion, Target

# Their own names (WM_CLASS, or the name of the executable), in lower case.
_TERMINALS: Final = frozenset(
    {
        "alacritty",
        "black box",
        "blackbox",
        "cool-retro-term",
        "deepin-terminal",
        "foot",
        "footclient",
        "ghostty",
        "gnome-terminal",
        "gnome-terminal-server",
        "guake",
        "hyper",
        "iterm2",
        "kgx",
        "kitty",
        "konsole",
        "lxterminal",
        "mate-terminal",
        "mintty",
        "org.gnome.console",
        "org.gnome.ptyxis",
        "ptyxis",
        "qterminal",
        "rio",
        "sakura",
        "st",
        "st-256color",
        "tabby",
        "terminal",
        "terminator",
        "terminology",
        "termite",
        "tilda",
        "tilix",
        "wezterm",
        "windowsterminal",
        "xfce4-terminal",
        "yakuake",
    }
)
# These lack Ctrl+Shift+V. They paste with Shift+Insert, which takes the selected text (PRIMARY).
_OLD_TERMINALS: Final = frozenset({"eterm", "rxvt", "urxvt", "uxterm", "xterm"})


@dataclass(frozen=True)
class PasteKeys:
    """A key combination: ``key`` as X names it, with modifiers.

    ``primary``: the combination pastes the selected text (PRIMARY).
    """

    key: str
    control: bool = False
    shift: bool = False
    primary: bool = False


ORDINARY: Final = PasteKeys("v", control=True)
TERMINAL: Final = PasteKeys("v", control=True, shift=True)
OLD_TERMINAL: Final = PasteKeys("Insert", shift=True, primary=True)


def is_terminal(*names: str) -> bool:
    """Return whether one of these program names belongs to a terminal."""
    return any(plain_name(name) in _TERMINALS | _OLD_TERMINALS for name in names)


def paste_keys(*names: str) -> PasteKeys:
    """Return the keys that paste into a program with one of these names."""
    plain = {plain_name(name) for name in names}
    if plain & _OLD_TERMINALS:
        return OLD_TERMINAL
    return TERMINAL if plain & _TERMINALS else ORDINARY


def same_program(left: str, right: str) -> bool:
    """Return whether two names denote one program.

    Examples: ``slack`` and ``Slack.exe``; ``org.gnome.TextEditor`` and ``texteditor``.
    """
    plain = plain_name(left.strip())
    return bool(plain) and plain == plain_name(right.strip())


def plain_name(name: str) -> str:
    """Return a program's name in lower case, without its ending and the reversed domain before it."""
    name = name.lower().removesuffix(".exe").removesuffix(".desktop")
    return name if name in _TERMINALS else name.rsplit(".", 1)[-1]


MOST_SEEN: Final = 20


class ProgramTrackingInserter:
    """An ``Inserter`` around another one. ``told`` gets the programs, the newest first, after each change."""

    def __init__(self, inserter: Inserter, told: Callable[[tuple[str, ...]], None]) -> None:
        self._inserter, self._told = inserter, told
        self.seen: tuple[str, ...] = ()

    async def target(self) -> Target | None:
        """Return the focused window and remember its program, except this app's own windows."""
        target = await self._inserter.target()
        if target is not None and target.program and not target.own and target.program not in self.seen[:1]:
            others = [name for name in self.seen if name != target.program]
            self.seen = (target.program, *others[: MOST_SEEN - 1])
            self._told(self.seen)
        return target

    async def insert(self, text: str, target: Target | None) -> Insertion:
        """Insert with the wrapped inserter."""
        return await self._inserter.insert(text, target)

    async def close(self) -> None:
        """Restore borrowed resources. Safe to call twice."""
        await self._inserter.close()
