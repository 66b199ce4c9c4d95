"""Known programs, the surroundings of the caret, and how to insert a text there.

Pure, except for asking about the surroundings.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from app.insertion.outcome import FocusKind, HoldReason, ReadAround, Target, TextSurroundings

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
# Ctrl+V scrolls in Emacs, and begins a block or a code in Vim. Emacs' Shift+Insert takes the clipboard.
_SHIFT_INSERT_EDITORS: Final = frozenset({"emacs", "gvim"})


_SHEETS: Final = frozenset({"libreoffice-calc"})


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
SHIFT_INSERT: Final = PasteKeys("Insert", shift=True, primary=True)


def is_terminal(*names: str) -> bool:
    """Return whether one of these program names belongs to a terminal."""
    return any(plain_name(name) in _TERMINALS | _OLD_TERMINALS for name in names)


def paste_keys(*names: str) -> PasteKeys:
    """Return the keys that paste into a program with one of these names."""
    plain = {plain_name(name) for name in names}
    if plain & (_OLD_TERMINALS | _SHIFT_INSERT_EDITORS):
        return SHIFT_INSERT
    return TERMINAL if plain & _TERMINALS else ORDINARY


def has_cells(program: str) -> bool:
    """Return whether this program is a spreadsheet, where a pasted text replaces what is in the cell."""
    return plain_name(program) in _SHEETS


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


class ProgramsSeen:
    """Programs whose windows had the focus. ``on_change`` gets them, the newest first, after each change."""

    def __init__(self, on_change: Callable[[tuple[str, ...]], None]) -> None:
        self._on_change = on_change
        self.names: tuple[str, ...] = ()

    def note(self, target: Target) -> None:
        """Remember the program of a focused window, except this app."""
        if target.program and not target.own and target.program not in self.names[:1]:
            others = [name for name in self.names if name != target.program]
            self.names = (target.program, *others[: MOST_SEEN - 1])
            self._on_change(self.names)


MOST_PROGRAMS: Final = 100
LONGEST_PROGRAM: Final = 100


class Strategy(StrEnum):
    """The ways of inserting text. ``automatic``: paste, or type if the clipboard cannot be borrowed."""

    AUTOMATIC = "automatic"
    PASTE = "paste"
    TYPE = "type"


class Newline(StrEnum):
    """The replacement for a line break in typed text: in most chats, Return sends the message."""

    SHIFT_RETURN = "shift-return"
    RETURN = "return"
    SPACE = "space"


@dataclass(frozen=True)
class ProgramRule:
    """An exception for one program: its window class or file name. ``hold``: never insert there.

    ``full_stop``: keep the full stop at the end of a text.
    """

    program: str
    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    hold: bool = False
    full_stop: bool = True


@dataclass(frozen=True)
class Rules:
    """The rules of insertion. ``programs``: exceptions for single programs.

    ``input_method``: one is in use (ibus, fcitx …) and would change typed text into other words.
    """

    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    input_method: bool = False
    hold: bool = False
    full_stop: bool = True
    programs: tuple[ProgramRule, ...] = ()


@runtime_checkable
class ConfigurableInserter(Protocol):
    """Inserter with configurable rules, which apply from the next text on."""

    rules: Rules


def rules_for(target: Target, rules: Rules) -> Rules:
    """Return the rules for this target: those of its program, if it has any."""
    for rule in rules.programs:
        if same_program(rule.program, target.program):
            return replace(
                rules, strategy=rule.strategy, newline=rule.newline, hold=rule.hold, full_stop=rule.full_stop
            )
    return rules


def program_problems(rules: Iterable[ProgramRule]) -> dict[int, str]:
    """Return the problems of rules by position: ``empty``, ``long``, ``twice`` or ``too-many``."""
    found: dict[int, str] = {}
    good: list[str] = []
    for place, rule in enumerate(rules):
        name = rule.program
        if not name.strip():
            found[place] = "empty"
        elif len(name) > LONGEST_PROGRAM or not name.isprintable():
            found[place] = "long"
        elif any(same_program(name, other) for other in good):
            found[place] = "twice"
        elif len(good) >= MOST_PROGRAMS:
            found[place] = "too-many"
        else:
            good.append(name)
    return found


def may_type_instead(rules: Rules) -> bool:
    """Return whether a text that cannot be pasted may be typed."""
    return rules.strategy is Strategy.AUTOMATIC and not rules.input_method


def to_paste(text: str, target: Target) -> str:
    """Return the text to offer. In a terminal, a line break would run a command and a tab complete one."""
    clean = _clean(text)
    return clean.replace("\n", " ").replace("\t", " ") if target.terminal else clean


def to_type(text: str, target: Target, newline: Newline) -> str:
    """Return the text to type, without tabs, which would leave the field."""
    clean = _clean(text).replace("\t", " ")
    return clean.replace("\n", " ") if target.terminal or newline is Newline.SPACE else clean


def length_before_cleaning(rest: str, text: str) -> int:
    """Return how many of the last characters of ``text`` become ``rest`` when they are pasted or typed."""
    return bisect_left(range(len(text)), len(rest), key=lambda count: len(_clean(text[len(text) - count :])))


def _clean(text: str) -> str:
    """Remove control characters, which a terminal would obey."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or not _is_control(char))


def _is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000


class ReadingOptions(Protocol):
    """Settings of reading: whether to read, whether texts get spaces, and the rules for programs."""

    @property
    def read_text(self) -> bool:
        """Permission to read the text around the caret."""

    @property
    def joins(self) -> bool:
        """True if a text gets a space before it where one is needed."""

    @property
    def rules(self) -> Rules:
        """The rules of insertion."""


@dataclass(frozen=True)
class PermittedReader:
    """A ``ReadAround`` that asks only if the user permits it. ``options``: the current settings."""

    read: ReadAround
    options: Callable[[], ReadingOptions]

    async def __call__(self, target: Target) -> TextSurroundings | None:
        """Return what surrounds the caret, if it may be read."""
        options = self.options()
        if not options.read_text:
            return None
        found = with_rules(await self.read(target), target, options.rules)
        return found if found is None or options.joins else replace(found, before=None, after="")


def with_rules(found: TextSurroundings | None, target: Target, rules: Rules) -> TextSurroundings | None:
    """Return the surroundings; for a program with a rule of the user, the finding ``no-field`` is dropped."""
    ruled = any(same_program(rule.program, target.program) for rule in rules.programs)
    return None if ruled and found is not None and found.kind is FocusKind.NO_FIELD else found


def refusal(found: TextSurroundings | None, *, requested: bool) -> HoldReason | None:
    """Return why a text is held, or ``None``. ``requested``: the user asks for it now, so a field is assumed."""
    if found is None or found.kind is FocusKind.FIELD:
        return None
    if found.kind is FocusKind.PASSWORD:
        return HoldReason.PASSWORD
    return None if requested else HoldReason.NO_FIELD
