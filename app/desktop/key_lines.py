"""The lines for the user's compositor, and how they stand in its configuration. Blocks."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from app.core.child_process import lasting_program
from app.core.errors import ProgramMissing
from app.desktop.abilities import Ability, abilities
from app.desktop.configuration import Places, added, difference, is_plain, places, usual_files
from app.desktop.found import Found
from app.desktop.key_files import ConfigurationRefused, existing, holds, read
from app.desktop.view import KeyLines, LinesState
from app.hotkeys.compositor_lines import Compositor, Lines, lines

_PROGRAM: Final = "kikipounamu"


def key_lines(
    found: Found, bindings: Mapping[str, str], often: str, environment: Mapping[str, str]
) -> KeyLines | None:
    """Return the lines for a desktop that gives programs no keys; ``None`` on other desktops."""
    hotkeys = (one for one in abilities(found) if one.ability is Ability.HOTKEYS)
    if all(one.means for one in hotkeys):
        return None
    if found.compositor is None:
        return KeyLines(None, tuple(f"{shlex.quote(_path())} key {action} tap" for action in bindings))
    wanted = lines_for(found.compositor, bindings, often)
    main = existing(usual_files(found.compositor, environment))
    shown = KeyLines(found.compositor, wanted.lines, wanted.missing, str(main or ""))
    if main is None or not wanted.lines:
        return shown
    if holds(main, wanted.lines):
        return replace(shown, state=LinesState.COPIED)
    where = places(found.compositor, main)
    return _with_state(shown, where) if where else shown


def lines_for(compositor: Compositor, bindings: Mapping[str, str], often: str) -> Lines:
    """Return the lines that run the program of this installation; see ``compositor_lines.lines``."""
    program = _path()
    # Not every configuration can name such a folder, so the PATH must have the program.
    return lines(compositor, bindings, program if is_plain(program) else _PROGRAM, often)


def _path() -> str:
    try:
        return lasting_program(_PROGRAM)
    except ProgramMissing:
        return _PROGRAM


def places_of(compositor: Compositor, environment: Mapping[str, str]) -> Places | None:
    """Return the files to write; ``None`` if the user has no configuration, or none that includes files."""
    main = existing(usual_files(compositor, environment))
    return places(compositor, main) if main else None


def _with_state(shown: KeyLines, where: Places) -> KeyLines:
    try:
        before = read(where)
    except ConfigurationRefused as error:
        return replace(shown, problem=error.note)
    after = added(before, where, shown.lines)
    state = LinesState.TO_WRITE
    if before.own is not None and after.main == before.main:
        state = LinesState.WRITTEN if after == before else LinesState.OUTDATED
    return replace(shown, state=state, change=difference(before, after, where))
