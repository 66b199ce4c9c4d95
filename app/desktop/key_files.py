"""Read and change the configuration of a compositor: whole files only, with a copy of the user's. Blocks."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from app.core.errors import AppError, Note
from app.desktop.configuration import ConfigurationText, Places
from runtime.whole_file import replacing

BACKUP: Final = ".before-kikipounamu"
_MOST_BYTES: Final = 1 << 20
_OWN_MODE: Final = 0o644


class ConfigurationRefused(AppError):
    """A file of the configuration cannot be read or written, or has changed meanwhile."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"{place} cannot be changed ({reason}): copy the lines into it yourself")
        self.note = Note("key-lines-refused", {"place": str(place)})


def existing(candidates: tuple[Path, ...]) -> Path | None:
    """Return the first of these files that exists."""
    return next((place for place in candidates if place.is_file()), None)


def holds(place: Path, lines: Iterable[str]) -> bool:
    """Return whether the user has copied all of these lines into a file."""
    with suppress(OSError, UnicodeDecodeError):
        text = _text(place)
        return all(line in text for line in lines)
    return False


def read(where: Places) -> ConfigurationText:
    """Return the contents of both files. Raises ``ConfigurationRefused``."""
    with _refusals(where.main):
        main = _text(where.main)
    with _refusals(where.own):
        return ConfigurationText(main, _text(where.own) if where.own.exists() else None)


def change(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    """Replace ``before`` by ``after``; the file that includes the other is changed last, or first to remove it.

    Raises ``ConfigurationRefused``; also if a file is no longer as it was ``before``.
    """
    if read(where) != before:
        raise ConfigurationRefused(where.main, "it has changed meanwhile")
    steps = [_change_own, _change_main]
    for step in steps if after.own is not None else reversed(steps):
        step(where, before, after)


def _change_own(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    with _refusals(where.own):
        if after.own is None:
            where.own.unlink(missing_ok=True)
        elif after.own != before.own:
            _write(where.own, after.own, _OWN_MODE)


def _change_main(where: Places, before: ConfigurationText, after: ConfigurationText) -> None:
    if after.main == before.main:
        return
    with _refusals(where.main):
        main = where.main.resolve()  # a link stays one
        mode = main.stat().st_mode & 0o7777
        _write(main.with_name(f"{main.name}{BACKUP}"), before.main, mode)
        _write(main, after.main, mode)


def _write(place: Path, text: str, mode: int) -> None:
    with replacing(place, durable=True) as file:
        os.fchmod(file.fileno(), mode)
        file.write(text.encode())


def _text(place: Path) -> str:
    if place.stat().st_size > _MOST_BYTES:
        raise OSError("it is too large")
    return place.read_bytes().decode()


@contextmanager
def _refusals(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationRefused(place, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationRefused(place, "it is no UTF-8") from error
