"""Write transcripts to standard output, next to the recordings, or into a folder."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.core.errors import OutputFailed, UsageMistake
from app.core.format import Format
from app.core.renderers import render_json_line, valid
from runtime.terminal import printable, say
from runtime.whole_file import write_whole

STDOUT: Final = "-"
BESIDE: Final = "beside"
_ONE_DOCUMENT: Final = frozenset({Format.SRT, Format.VTT})


class ResultWriter:
    """Writer of results; creating it checks the destinations, before any recording is recognised.

    ``overwrite``: replace files that exist. Raises ``UsageMistake`` if two results have the same destination or a
    file would be replaced, and ``OutputFailed`` for a folder that cannot be used.
    """

    def __init__(self, recordings: Sequence[Path], where: str, form: Format, overwrite: bool = False) -> None:
        self._many = len(recordings) > 1
        self._form = form
        self._places: dict[Path, Path] = {}
        self._printed: set[Path] = set()
        if where == STDOUT:
            if self._many and form in _ONE_DOCUMENT:
                raise UsageMistake(f"several {form} files cannot be one: add --output beside, or --output DIR")
            return
        folder = None if where == BESIDE else make_folder(Path(where))
        taken: set[Path] = set()
        for recording in recordings:
            place = (folder or recording.parent) / f"{recording.stem}.{form}"
            if (real := _real(place)) in taken:
                raise UsageMistake(f"two recordings would become {place}: use one --output for each")
            taken.add(real)
            if real == _real(recording):
                raise UsageMistake(f"the result would replace {recording}: use another --output")
            if not overwrite and os.path.lexists(place):
                raise UsageMistake(f"{place} exists: add --overwrite to replace it, or use another --output")
            if place.parent.is_dir() and not os.access(place.parent, os.W_OK):
                raise OutputFailed(f"{place.parent} cannot be written: use another --output")
            self._places[recording] = place

    @property
    def lines(self) -> bool:
        """True if results are written as JSON Lines on standard output."""
        return self._many and self._form is Format.JSON and not self._places

    def fail(self, recording: Path, why: str) -> None:
        """Write a JSON object with the error of a recording, if JSON goes to standard output and it has no result.

        Raises ``OutputFailed``.
        """
        if self._form is Format.JSON and not self._places and recording not in self._printed:
            _print(render_json_line({"file": valid(str(recording)), "error": valid(why)}))

    def deliver(self, recording: Path, text: str) -> str:
        """Write one result and return its path; empty for standard output.

        Raises ``OutputFailed`` if the file cannot be written, after writing the text to standard output.
        """
        place = self._places.get(recording)
        if place is None:
            self.print_result(recording, text)
            return ""
        try:
            write_whole(place, text)
        except OSError as error:
            self.print_result(recording, text)
            why = f"{place} cannot be written: {error.strerror}; the result is on standard output"
            raise OutputFailed(why) from error
        return str(place)

    def print_result(self, recording: Path, text: str) -> None:
        """Write a result, or a part of one, to standard output. Raises ``OutputFailed``."""
        self._printed.add(recording)
        if self._many and self._form is Format.TXT:
            text = f"==> {printable(str(recording))} <==\n{text}"
        _print(text)


def _real(path: Path) -> Path:
    """Return the path with links in its folder resolved; the file itself may be a link."""
    return Path(os.path.realpath(path.parent), path.name)


def _print(text: str) -> None:
    try:
        say(text, end="")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"standard output cannot be written: {error.strerror}") from error


def make_folder(folder: Path) -> Path:
    """Create the folder for results unless it exists, and return it. Raises ``OutputFailed``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        advice = ": name a folder" if isinstance(error, FileExistsError | NotADirectoryError) else ""
        raise OutputFailed(f"{folder} cannot be made: {error.strerror}{advice}") from error
    return folder
