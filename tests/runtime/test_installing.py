"""What adds a package is typed into a terminal as it stands."""

import importlib.metadata
import shlex
import subprocess
import sys

from runtime.installing import again_command, extra_command


def test_it_is_for_this_python_whatever_the_terminal_finds() -> None:
    assert shlex.split(extra_command("media")) == [sys.executable, "-m", "pip", "install", "kikipounamu[media]"]
    assert again_command("one", "two").endswith(" install --force-reinstall one two")


def test_pip_knows_the_extra_of_what_is_installed_here() -> None:
    """From any folder, and without asking an index: it is not there."""
    assert "media" in importlib.metadata.metadata("kikipounamu").get_all("Provides-Extra", [])
    command = f"{extra_command('media')} --dry-run --no-deps --no-index --disable-pip-version-check"
    told = subprocess.run(shlex.split(command), cwd="/", capture_output=True, text=True, timeout=60)
    assert "already satisfied: kikipounamu[media]" in told.stdout, told.stderr
