"""The standard streams of a program, and untrusted text on a terminal.

File names, recognised texts, device names and messages of a gateway are untrusted. Terminals obey control
characters, and directional overrides disguise text. Both are written as escapes, as Python writes them.

The system gives the numbers of closed streams to the next files that are opened. Messages of libraries would then
be written into a recording. Therefore ``standard_streams`` takes such numbers first.
"""

import codecs
import errno
import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LINES: Final = "\n\t"
"""Characters to keep in text of several lines."""
_FAILED: Final = 1
_STDERR: Final = 2
_ESCAPES: Final = "kikipounamu.escapes"
_CLOSED: Final = "it is closed"


def printable(text: str, keep: str = "") -> str:
    """Return ``text`` with every character that a terminal would obey escaped, except those of ``keep``."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def reason(error: Exception) -> str:
    """Return an error's message for people, without the system's error number."""
    said = error.strerror if isinstance(error, OSError) else ""
    return said or str(error) or type(error).__name__


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Write to standard output: unchanged into a file or a pipe, escaped on a terminal.

    ``err``: write to standard error, always escaped. Raises ``BrokenPipeError``.
    """
    stream = sys.stderr if err else sys.stdout
    if err or stream.isatty():
        text = printable(text, LINES)
    stream.write(text + end)
    stream.flush()


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


class OutputRefused(OSError):
    """Standard output takes nothing, for example because its disk is full."""

    def __str__(self) -> str:
        why = _CLOSED if self.errno == errno.EBADF else self.strerror
        return f"standard output cannot be written: {why}"


@contextmanager
def standard_streams() -> Iterator[None]:
    """Run a program with usable streams. Exit with 1 if its results cannot be written, and say why."""
    take_streams()
    try:
        yield
    except BrokenPipeError:  # the reader has closed the pipe
        _give_up_output()
    except OutputRefused as error:
        sys.stderr.write(f"{error}\n")
        _give_up_output()
    except SystemExit as error:
        if error.code:
            _forget_refused()
        raise


def take_streams() -> None:
    """Replace the standard streams by ones that escape characters which their encoding lacks.

    Messages that cannot be written are discarded: they must not end a program that works.
    """
    if os.name == "posix":
        _open_closed()
    codecs.register_error(_ESCAPES, _escaped_as_json)
    sys.stdout = _replacement(_Results, sys.stdout, 1)
    sys.stderr = _replacement(_Messages, sys.stderr, _STDERR)


def silence_libraries() -> None:
    """Let only this program write to standard error. C libraries do, too: libmpg123 about each damaged frame."""
    stream = sys.stderr
    with suppress(OSError, ValueError):  # one that a test captures has no number
        if not isinstance(stream, io.TextIOWrapper) or stream.fileno() != _STDERR:
            return
        stream.flush()
        own = os.fdopen(os.dup(_STDERR), "wb")
        sys.stderr = _Messages(own, encoding=stream.encoding, errors=stream.errors, line_buffering=True)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDERR)
        os.close(nothing)


class _Results(io.TextIOWrapper):
    """Standard output. Raises ``OutputRefused``, or ``BrokenPipeError`` if its reader has ended."""

    def write(self, text: str, /) -> int:
        with _naming_output():
            return super().write(text)

    def flush(self) -> None:
        with _naming_output():
            super().flush()


class _Messages(io.TextIOWrapper):
    """Standard error. Raises nothing."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


@contextmanager
def _naming_output() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputRefused(error.errno, error.strerror) from error


def _replacement(kind: type[io.TextIOWrapper], stream: TextIO | None, number: int) -> TextIO | None:
    """Return a stream of this kind on the same file, or on the file of this number if the stream was closed."""
    if stream is None and os.name == "posix":
        return kind(os.fdopen(number, "wb", closefd=False), encoding="utf-8", errors=_ESCAPES, line_buffering=True)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    keeps_bytes = stream.errors == "surrogateescape" and codecs.lookup(stream.encoding).name == "utf-8"
    return kind(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors if keeps_bytes else _ESCAPES,  # file names are written byte for byte
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _open_closed() -> None:
    """Open closed streams, from the lowest number on. Writing results fails, messages are discarded."""
    for number, access in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, access)


def _give_up_output() -> None:
    """Exit with 1, without a further message about standard output."""
    _discard_output()
    sys.exit(_FAILED)


def _forget_refused() -> None:
    """Discard results that standard output has refused: the program has already said so.

    typer may have replaced the stream by one that hides the error.
    """
    try:
        sys.stdout.flush()
        hidden = not isinstance(sys.stdout, _Results)
    except OSError:
        hidden = True
    if hidden:
        _discard_output()


def _discard_output() -> None:
    """Let Python's final flush succeed, which would report the error once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _escaped_as_json(error: UnicodeError) -> tuple[str, int]:
    """Write characters as JSON does, so that a JSON document stays one."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in pairs), error.end
