"""Decide how to insert a text. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from app.insertion.outcome import Target
from app.insertion.programs import same_program

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
    """An exception for one program: its window class or file name. ``hold``: never insert there."""

    program: str
    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    hold: bool = False


@dataclass(frozen=True)
class Rules:
    """The rules of insertion. ``programs``: exceptions for single programs.

    ``input_method``: one is in use (ibus, fcitx …) and would change typed text into other words.
    """

    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    input_method: bool = False
    hold: bool = False
    programs: tuple[ProgramRule, ...] = ()


@runtime_checkable
class ConfigurableInserter(Protocol):
    """Inserter with configurable rules, which apply from the next text on."""

    rules: Rules


def rules_for(target: Target, rules: Rules) -> Rules:
    """Return the rules for this target: those of its program, if it has any."""
    for rule in rules.programs:
        if same_program(rule.program, target.program):
            return replace(rules, strategy=rule.strategy, newline=rule.newline, hold=rule.hold)
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


def _clean(text: str) -> str:
    """Remove control characters, which a terminal would obey."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or not _is_control(char))


def _is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000
