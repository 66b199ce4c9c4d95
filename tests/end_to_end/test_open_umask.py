"""Test that no other user can change what the programs write, although the user's umask forbids nothing."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.app.speech import SPEECH
from tests.helpers.chain import BIN
from tests.helpers.desktop_app import running_app

PROGRAMS = ("app.cli.entry", "backend.cli.entry", "worker.entry", "loadtest.entry")
CODE = """
import os, sys
from {program} import main
os.umask({umask})
sys.argv[1:] = ["--version"]
try:
    main()
finally:
    print(os.umask(0))
"""
TALK = SPEECH / "en-01.flac"


@contextmanager
def open_umask() -> Iterator[None]:
    """Start programs in the context with a umask that forbids nothing."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def modes(paths: set[Path]) -> dict[Path, int]:
    """Return the modes of all files, folders and sockets."""
    return {path: stat.S_IMODE(path.lstat().st_mode) for path in paths if not path.is_symlink()}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(("umask", "becomes"), [(0o000, 0o022), (0o002, 0o002), (0o077, 0o077)])
def test_program_takes_write_access_from_others_and_keeps_stricter_umask(
    program: str, umask: int, becomes: int
) -> None:
    command = [sys.executable, "-c", CODE.format(program=program, umask=umask)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout.splitlines()[-1]) == becomes


@pytest.mark.serial("desktop")
@pytest.mark.timeout(300)
def test_files_of_a_dictation_with_umask_zero_are_not_writable_for_others(models: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    with running_app(models, "--engine", "checksum", start=False) as app:
        folder, own = app.home.parent, set(app.home.parent.rglob("*"))
        app.set(general__autostart=True)
        with open_umask():
            app.launch("--hidden")
        app.wait_until_ready()
        with app.talking():
            app.play(TALK)
        app.wait_for_takes(1)
        with open_umask():
            user = {"HOME": str(tmp_path / "user"), "XDG_DATA_HOME": str(results / "data")}
            menu = app.desktop.environment | user
            subprocess.run([str(BIN / "kikipounamu"), "desktop", "install"], env=menu, check=True, timeout=60)
            app.command("transcribe", "--engine", "checksum", "--output", str(results), str(TALK))
            app.command("takes", "export", str(app.takes()[0].session), "--output", str(results))
        found = modes(set(folder.rglob("*")) - own)
        assert app.quit() == 0
        found |= modes(set(folder.rglob("*")) - own) | modes(set(results.rglob("*")))
        names = {str(path.relative_to(folder)) for path in found if path.is_relative_to(folder)}
        assert {"autostart/kikipounamu.desktop", "home/run/control.sock", "home/run/gateway.json"} <= names
        entry = results / "data" / "applications" / "org.kikipounamu.app.desktop"
        assert {results / "en-01.txt", entry} <= found.keys()
        logs = {path for path in found if path.parent == folder and path.suffix == ".log"}  # written by the test
        assert {str(path): oct(mode) for path, mode in found.items() if mode & 0o022 and path not in logs} == {}
