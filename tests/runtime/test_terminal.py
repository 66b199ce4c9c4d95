"""Untrusted text: harmless on a terminal, unchanged everywhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.terminal import LINES, printable, reason, say

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\x08\x7f\r\u202etxt.exe\u2066\u2028\udc80"
SAY = f"from runtime.terminal import say; say({HOSTILE[:-1] + chr(10)!r}); say({HOSTILE!r}, err=True)"


def test_printable_escapes_characters_that_a_terminal_obeys() -> None:
    assert printable("a\x1b[31m\x9b\x7f\r\nb\tc") == r"a\x1b[31m\x9b\x7f\r\nb\tc"
    assert printable("\u202egpj.exe\u202c") == r"\u202egpj.exe\u202c"
    assert printable("name\udc80.wav") == r"name\udc80.wav"


@pytest.mark.parametrize(
    "text", ["Grüße, 你好。　مرحبا \u200fשלום", "👩\u200d💻 e\u0301 \xa0 100 %", "<b>[red]\\x1b"]
)
def test_printable_keeps_every_language(text: str) -> None:
    assert printable(text) == text


def test_printable_keeps_line_breaks_only_when_allowed() -> None:
    assert printable("a\n\tb\r\n", LINES) == "a\n\tb\\r\n"
    assert printable("a\nb") == r"a\nb"


@given(st.text(st.characters()))
def test_printable_never_leaves_a_control_character(text: str) -> None:
    shown = printable(text)
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in shown)
    assert shown.encode() and printable(shown) == shown if shown else not text


def test_say_is_exact_in_a_pipe_and_printable_in_errors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAY], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.encode() == f"{HOSTILE[:-1]}\n\n".replace("\r", "\n").encode()  # as text mode converts it
    assert "\x1b" not in done.stderr and r"\x1b[2J" in done.stderr and r"\udc80" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: terminals as files")
def test_say_is_printable_on_a_terminal() -> None:
    import pty

    ours, theirs = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", SAY], stdout=theirs, stderr=theirs, check=True)
        shown = os.read(ours, 65536)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"\x1b" not in shown and b"\x07" not in shown and rb"\x1b[2J" in shown and rb"\u202e" in shown


def test_reason_omits_the_error_number() -> None:
    assert reason(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert reason(ValueError("not that")) == "not that"
    assert reason(TimeoutError()) == "TimeoutError"


def test_say_respects_its_end_argument(capsys: pytest.CaptureFixture[str]) -> None:
    say("a", end="")
    assert capsys.readouterr().out == "a"


# -- streams that are closed, full, left by their reader, or of a small encoding ------------------------------

PROGRAM = """
import os, sys
from contextlib import suppress
from runtime.terminal import say, standard_streams
with standard_streams():
    first = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    with suppress(OSError):
        os.write(2, b"a message of a library")
    print("progress", file=sys.stderr, flush=True)
    try:
        say(sys.argv[2])
    except OSError:
        if sys.argv[2] == "reported":
            sys.exit(1)
        raise
    os.write(first, b"recording")
"""


with_shell = pytest.mark.skipif(os.name != "posix", reason="needs Linux or macOS: a POSIX shell")
with_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux: /dev/full")


def run(
    place: Path, text: str = "text", *, closed: tuple[int, ...] = (), redirect: str = "", encoding: str = "utf-8"
) -> "subprocess.CompletedProcess[str]":
    closes = " ".join(f"{number}>&-" for number in closed)
    command = f'exec "$0" -c "$1" "$2" "$3" {closes} {redirect}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, PROGRAM, str(place), text],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@with_shell
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
def test_messages_never_reach_a_file_that_got_the_number_of_a_closed_stream(
    closed: tuple[int, ...], tmp_path: Path
) -> None:
    done = run(tmp_path / "take", closed=closed)
    assert done.returncode == (1 if 1 in closed else 0)
    assert (tmp_path / "take").read_text() == ("" if 1 in closed else "recording")


@with_full_device
def test_full_output_is_an_error_that_says_why(tmp_path: Path) -> None:
    done = run(tmp_path / "take", redirect=">/dev/full")
    assert done.returncode == 1
    assert done.stderr.endswith("standard output cannot be written: No space left on device\n")


@with_shell
def test_closed_output_is_an_error_that_says_why(tmp_path: Path) -> None:
    done = run(tmp_path / "take", closed=(1,))
    assert done.stderr.endswith("standard output cannot be written: it is closed\n")


@with_full_device
@pytest.mark.parametrize("redirect", [">&-", ">/dev/full"])
def test_error_that_program_reports_itself_is_not_reported_again(tmp_path: Path, redirect: str) -> None:
    done = run(tmp_path / "take", "reported", redirect=redirect)
    assert (done.returncode, done.stderr) == (1, "a message of a libraryprogress\n")


@with_shell
def test_closed_pipe_ends_program_without_a_message(tmp_path: Path) -> None:
    done = run(tmp_path / "take", redirect="| true")
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


LEFT_BY_TYPER = """
import os, stat, sys
from runtime.terminal import standard_streams

class Quiet:  # typer puts such a stream in place of one whose reader has ended
    def flush(self):
        pass

try:
    with standard_streams():
        sys.stdout = Quiet()
        sys.exit(1)
except SystemExit:
    assert stat.S_ISCHR(os.fstat(1).st_mode), "Python 3.13 flushes the replaced stream, and reports its error"
"""


@with_shell
def test_output_that_typer_has_replaced_is_discarded_at_the_end() -> None:
    command = [sys.executable, "-c", LEFT_BY_TYPER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@with_full_device
def test_messages_that_cannot_be_written_do_not_end_program(tmp_path: Path) -> None:
    done = run(tmp_path / "take", redirect="2>/dev/full")
    assert (done.returncode, done.stdout) == (0, "text\n")


@with_shell
def test_characters_that_an_encoding_lacks_are_escaped_as_in_json(tmp_path: Path) -> None:
    done = run(tmp_path / "take", '"Grüße 你好 🎤"', encoding="ascii")
    assert done.returncode == 0
    assert done.stdout == '"Gr\\u00fc\\u00dfe \\u4f60\\u597d \\ud83c\\udfa4"\n'
    assert json.loads(done.stdout) == "Grüße 你好 🎤"


@with_shell
def test_file_name_that_is_no_text_is_escaped(tmp_path: Path) -> None:
    done = run(tmp_path / "take", os.fsdecode(b"a\xff.wav"))
    assert (done.returncode, done.stdout) == (0, "a\\udcff.wav\n")


def test_messages_of_libraries_are_discarded_but_not_those_of_the_program() -> None:
    lines = (
        "import os, sys",
        "from runtime.terminal import silence_libraries, standard_streams",
        "with standard_streams():",
        "    silence_libraries()",
        "    os.write(2, b'a library\\n')",
        "    sys.stderr.write('the program\\n')",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "the program\n")
