"""How a text is to be inserted: pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from app.insertion.outcome import Target
from app.insertion.programs import same_program

MOST_PROGRAMS: Final = 100
LONGEST_PROGRAM: Final = 100


class Strategy(StrEnum):
    """``automatic``: paste, and type where the clipboard cannot be lent."""

    AUTOMATIC = "automatic"
    PASTE = "paste"
    TYPE = "type"


class Newline(StrEnum):
    """What a line break of a text becomes where it is typed: Return sends the message in most chats."""

    SHIFT_RETURN = "shift-return"
    RETURN = "return"
    SPACE = "space"


@dataclass(frozen=True)
class ProgramRule:
    """How it is in one program: the class of its windows, or its file's name. ``hold``: never insert there."""

    program: str
    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    hold: bool = False


@dataclass(frozen=True)
class Rules:
    """``programs``: where it is otherwise. ``input_method``: one is in use (ibus, fcitx …), which would make other
    words of what is typed."""

    strategy: Strategy = Strategy.AUTOMATIC
    newline: Newline = Newline.SHIFT_RETURN
    input_method: bool = False
    hold: bool = False
    programs: tuple[ProgramRule, ...] = ()


def rules_for(target: Target, rules: Rules) -> Rules:
    """Those that count there: of its program, if there are any."""
    for rule in rules.programs:
        if same_program(rule.program, target.program):
            return replace(rules, strategy=rule.strategy, newline=rule.newline, hold=rule.hold)
    return rules


def program_problems(rules: Iterable[ProgramRule]) -> dict[int, str]:
    """What is wrong, by the rule's place: ``empty``, ``long``, ``twice`` or ``too-many``."""
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
    """Whether a text that cannot be pasted may be typed."""
    return rules.strategy is Strategy.AUTOMATIC and not rules.input_method


def to_paste(text: str, target: Target) -> str:
    """What is offered. In a terminal a line break would run a command and a tab complete one."""
    clean = _clean(text)
    return clean.replace("\n", " ").replace("\t", " ") if target.terminal else clean


def to_type(text: str, target: Target, newline: Newline) -> str:
    """What is typed. Tab would leave the field."""
    clean = _clean(text).replace("\t", " ")
    return clean.replace("\n", " ") if target.terminal or newline is Newline.SPACE else clean


def _clean(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or not _is_control(char))


def _is_control(char: str) -> bool:
    return ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000
