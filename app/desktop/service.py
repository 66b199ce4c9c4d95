"""Read what the desktop supports, and show, write or remove the lines that bind its keys.

Before the user's configuration file is replaced, a copy of it is stored beside it.
"""

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Self

from app.core.child_process import lasting_program
from app.core.daemon_thread import in_daemon_thread
from app.core.errors import AppError, Note, ProgramMissing
from app.desktop.abilities import (
    Ability,
    DesktopAction,
    DesktopView,
    Found,
    KeyLines,
    LinesState,
    WriteKeyLines,
    abilities,
    read_desktop,
)
from app.desktop.configuration import (
    ConfigurationText,
    Places,
    difference,
    is_plain,
    other_files,
    places,
    usual_files,
    with_lines,
    without_lines,
)
from app.hotkeys.compositor_lines import Compositor, Lines, lines
from app.insertion.portal.permission import NAME, ask_again
from runtime.folders import folders
from runtime.tasks import Tasks
from runtime.whole_file import read_regular, replacing

BACKUP: Final = ".before-kikipounamu"
_MOST_BYTES: Final = 1 << 20
_OWN_MODE: Final = 0o644


class ConfigurationRefused(AppError):
    """A file of the configuration cannot be read or written, or has changed since it was read."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"{place} cannot be changed ({reason}): copy the lines into it yourself")
        self.note = Note("key-lines-refused", {"place": str(place)})


def existing(candidates: tuple[Path, ...]) -> Path | None:
    """Return the first of these files that exists."""
    return next((place for place in candidates if place.is_file()), None)


def holds(place: Path, lines: Iterable[str]) -> bool:
    """Return whether a file contains all of these lines, copied by the user."""
    with suppress(OSError, UnicodeDecodeError):
        text = _text(place)
        return all(line in text for line in lines)
    return False


def read_files(where: Places) -> ConfigurationText:
    """Return the contents of both files. Raises ``ConfigurationRefused``."""
    with _refusals(where.main):
        main = "" if where.base and not where.main.exists() else _text(where.main)
    with _refusals(where.own):
        return ConfigurationText(main, _text(where.own) if where.own.exists() else None)


def change(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    """Replace the contents ``before`` with ``after``, so that the user's file never includes a missing file.

    Raises ``ConfigurationRefused``, also if the files no longer have the contents ``before``.
    """
    if read_files(where) != before:
        raise ConfigurationRefused(where.main, "it has changed meanwhile")
    with _refusals(where.main):
        where.main.parent.mkdir(parents=True, exist_ok=True)
    steps = [_change_own_file, _change_main_file]
    for step in steps if after.own is not None else reversed(steps):
        step(where, before, after)


def _change_own_file(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    with _refusals(where.own):
        if after.own is None:
            where.own.unlink(missing_ok=True)
        elif after.own != before.own:
            _write(where.own, after.own, _OWN_MODE)


def _change_main_file(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    if after.main == before.main:
        return
    with _refusals(where.main):
        main = where.main.resolve()  # a link stays one
        if where.base and not main.exists():
            return _write(main, after.main, _OWN_MODE)
        mode = main.stat().st_mode & 0o7777
        _write(main.with_name(f"{main.name}{BACKUP}"), before.main, mode)
        _write(main, after.main, mode)


def _write(place: Path, text: str, mode: int) -> None:
    with replacing(place, durable=True) as file:
        os.fchmod(file.fileno(), mode)
        file.write(text.encode())


def _text(place: Path) -> str:
    return read_regular(place, _MOST_BYTES).decode()


@contextmanager
def _refusals(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationRefused(place, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationRefused(place, "it is no UTF-8") from error


_PROGRAM: Final = "kikipounamu"


def key_lines(
    found: Found, bindings: Mapping[str, str], often: str, environment: Mapping[str, str]
) -> KeyLines | None:
    """Return the lines if the desktop has no hotkeys for programs; otherwise ``None``."""
    hotkeys = (one for one in abilities(found) if one.ability is Ability.HOTKEYS)
    if all(one.means for one in hotkeys):
        return None
    if found.compositor is None:
        return KeyLines(None, tuple(f"{_command()} key {action} tap" for action in bindings))
    wanted = lines_for(found.compositor, bindings, often)
    where = places_of(found.compositor, environment, found.configuration)
    main = where.main if where else existing(usual_files(found.compositor, environment))
    is_new = where is not None and bool(where.base)
    shown = KeyLines(found.compositor, wanted.lines, wanted.missing, str(main or ""), is_new=is_new)
    if main is not None and wanted.lines and holds(main, wanted.lines):
        return replace(shown, state=LinesState.COPIED)
    return _with_state(shown, where) if where and wanted.lines else shown


def lines_for(compositor: Compositor, bindings: Mapping[str, str], often: str) -> Lines:
    """Return the lines that run the program of this installation; see ``compositor_lines.lines``."""
    program = _path()
    # A configuration may be unable to quote special characters; then the PATH must have the program.
    return lines(compositor, bindings, program if is_plain(program) else _PROGRAM, often)


def _command() -> str:
    """Return the quoted path of this installation's program, because the desktop's PATH may lack it."""
    return shlex.quote(_path())


def _path() -> str:
    try:
        return lasting_program(_PROGRAM)
    except ProgramMissing:
        return _PROGRAM


def places_of(compositor: Compositor, environment: Mapping[str, str], loaded: str = "") -> Places | None:
    """Return the files to write; ``None`` if the compositor cannot include files, or there is none to extend.

    ``loaded``: the file that the compositor has read, if known; it may be another one than usual. A user without a
    configuration gets a new file that includes the one that the compositor reads now.
    """
    usual, others = usual_files(compositor, environment), other_files(compositor, environment)
    chosen = (Path(loaded),) if loaded and Path(loaded) not in others else ()
    if main := existing((*chosen, *usual)):
        return places(compositor, main)
    base, new = existing(others), places(compositor, usual[-1])
    return replace(new, base=f"include {base}\n") if new and base and is_plain(str(base)) else None


def _with_state(shown: KeyLines, where: Places) -> KeyLines:
    try:
        before = read_files(where)
    except ConfigurationRefused as error:
        return replace(shown, problem=error.note)
    after = with_lines(before, where, shown.lines)
    state = LinesState.TO_WRITE
    if before.own is not None and after.main == before.main:
        state = LinesState.WRITTEN if after == before else LinesState.OUTDATED
    return replace(shown, state=state, change=difference(before, after, where))


Learn = Callable[[str, Mapping[str, str]], Awaitable[Found]]


class DesktopService:
    """Service that reads the desktop's abilities and manages the lines for its keys.

    ``post`` receives a ``DesktopView`` after each reading. ``often``: the action whose key the app grabs only
    at times.
    """

    def __init__(
        self,
        post: Callable[[DesktopView], None],
        often: str,
        environment: Mapping[str, str] = os.environ,
        learn: Learn = read_desktop,
    ) -> None:
        self._post, self._often, self._environment, self._learn = post, often, environment, learn
        self._bindings: Mapping[str, str] = {}
        self._problem: Note | None = None
        self._tasks = Tasks("desktop")
        self._one = asyncio.Lock()
        self._open = False

    async def __aenter__(self) -> Self:
        self._open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._open = False
        await self._tasks.close()

    def use(self, bindings: Mapping[str, str]) -> None:
        """Use the keys by action from the settings; ignored before entering and after leaving."""
        if self._open and bindings != self._bindings:
            self._bindings = dict(bindings)
            self._tasks.start(self._publish_view(), "read")

    def ask(self, action: DesktopAction) -> None:
        """Start a user's action and return at once."""
        work = self._write(on=action.on) if isinstance(action, WriteKeyLines) else self._read_again()
        self._tasks.start(work, "ask")

    async def _read_again(self) -> None:
        """Read the desktop again, and let it ask again for permission to press keys at the next text."""
        await in_daemon_thread(partial(ask_again, folders().config / NAME))
        await self._publish_view()

    async def _publish_view(self) -> None:
        async with self._one:
            found = await self._learn(sys.platform, self._environment)
            supports = abilities(found)
            wanted = partial(key_lines, found, self._bindings, self._often, self._environment)
            lines = await in_daemon_thread(wanted)
            if lines is not None and self._problem is not None:
                lines = replace(lines, problem=self._problem)
            self._post(DesktopView(supports, lines, f"{await in_daemon_thread(_command)} toggle"))

    async def _write(self, *, on: bool) -> None:
        found = await self._learn(sys.platform, self._environment)
        if found.compositor is not None:
            where = partial(places_of, found.compositor, self._environment, found.configuration)
            self._problem = await in_daemon_thread(partial(self._write_lines, found.compositor, where, on=on))
        await self._publish_view()

    def _write_lines(self, compositor: Compositor, find: Callable[[], Places | None], *, on: bool) -> Note | None:
        """Write or remove the lines in the files that ``find`` returns; return a note if that fails. Blocks."""
        where = find()
        if where is None:
            return None
        try:
            before = read_files(where)
            wanted = lines_for(compositor, self._bindings, self._often).lines
            change(where, before, with_lines(before, where, wanted) if on else without_lines(before, where))
        except ConfigurationRefused as error:
            return error.note
        return None
