"""Install commands that work in a terminal as printed."""

import importlib.metadata
import shlex
import subprocess
import sys

import pytest

from runtime.installing import command_text, extra_command, missing_library, reinstall_command


def test_command_is_quoted_for_the_shell_of_its_platform() -> None:
    assert command_text(("a b", "torch>=2.9"), "linux") == "'a b' 'torch>=2.9'"
    assert command_text(("a b", "c"), "win32") == '"a b" c'


def test_install_command_uses_this_python() -> None:
    assert shlex.split(extra_command("media")) == [sys.executable, "-m", "pip", "install", "kikipounamu[media]"]
    assert reinstall_command("one", "two").endswith(" install --force-reinstall one two")


def test_pip_accepts_extra_of_the_installed_package() -> None:
    """Run pip without an index, because the package is on none."""
    assert "media" in importlib.metadata.metadata("kikipounamu").get_all("Provides-Extra", [])
    command = f"{extra_command('media')} --dry-run --no-deps --no-index --disable-pip-version-check"
    installed = subprocess.run(shlex.split(command), cwd="/", capture_output=True, text=True, timeout=60)
    assert "already satisfied: kikipounamu[media]" in installed.stdout, installed.stderr


@pytest.mark.parametrize(
    ("extras", "words"), [("media", ["update"]), ("whisper,media", ["update"]), ("funasr", ["gpu", "setup"])]
)
def test_self_contained_folder_gets_a_command_for_its_program(
    monkeypatch: pytest.MonkeyPatch, extras: str, words: list[str]
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/my apps/kikipounamu/kikipounamu-worker")
    assert shlex.split(extra_command(extras)) == ["/opt/my apps/kikipounamu/kikipounamu", *words]
    assert shlex.split(reinstall_command("numpy"))[1:] == ["update"]


@pytest.mark.parametrize("name", ["backend.forgotten", "redis.forgotten", None])
def test_missing_module_of_an_installed_library_raises_its_error(name: str | None) -> None:
    ours = ModuleNotFoundError("not found", name=name)
    with pytest.raises(ModuleNotFoundError) as raised:
        missing_library(ours, "gateway")
    assert raised.value is ours
