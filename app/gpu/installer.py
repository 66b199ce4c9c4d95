"""Plan and set up an environment with torch, check it with a decode, and undo all if a step fails. Blocks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from app.gpu.torch_choice import GpuError, TorchChoice
from runtime.folders import folders, private_folder
from runtime.installing import command_text
from runtime.programs import is_bundled

ENGINE: Final = "funasr"
MODEL: Final = "SenseVoiceSmall"
_MODELS: Final = ("fsmn-vad", MODEL)
_EXTRAS: Final = "worker,funasr"
_SEARCHING: Final = "looking for kikipounamu in the package index (without it: add --wheel FILE)"


class GpuStep(NamedTuple):
    """A command and what it does, for people."""

    title: str
    command: tuple[str, ...]


def program_in(environment: PurePath, name: str, platform: str) -> str:
    """Return the path of a program in an environment."""
    if platform == "win32":
        return str(environment / "Scripts" / f"{name}.exe")
    return str(environment / "bin" / name)


def steps(python: str, environment: Path, source: str, choice: TorchChoice, platform: str) -> tuple[GpuStep, ...]:
    """Return the steps in their order.

    ``python`` makes the environment. ``source``: the folder of a checkout, a wheel, or a version such as ==0.1.0.
    """
    own = program_in(environment, "python", platform)
    pip = (own, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    indexed = source.startswith("==")
    wanted = f"kikipounamu[{_EXTRAS}]{source}" if indexed else f"{source}[{_EXTRAS}]"
    worker = program_in(environment, "kikipounamu-worker", platform)
    check = (worker, "doctor", "--engine", ENGINE, "--model", MODEL, "--device", choice.device)
    search = GpuStep(
        _SEARCHING, (*pip, "--dry-run", "--no-deps", f"kikipounamu{source}")
    )  # before gigabytes of torch
    return (
        GpuStep("making an environment", (python, "-m", "venv", str(environment))),
        *((search,) if indexed else ()),
        GpuStep("installing torch", (*pip, *choice.arguments)),
        GpuStep("installing kikipounamu with FunASR", (*pip, wanted)),
        GpuStep(
            "downloading the models", (program_in(environment, "kikipounamu", platform), "models", "get", *_MODELS)
        ),
        GpuStep("checking with one decode", check),
    )


_PREFIX: Final = "environment-"
_PYTHONS: Final = ("python3.13", "python3.12", "python3.11", "python3")
_ASKS: Final = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
_ASK_S: Final = 30.0

Run = Callable[[Sequence[str]], int]
"""Runs a command and returns its exit status."""


def environments() -> Path:
    """Return the folder of all environments with torch."""
    return folders().data / "gpu"


def next_environment() -> Path:
    """Return the path of an environment that does not exist yet: the one in use stays until it is replaced."""
    numbers = [
        int(path.name.removeprefix(_PREFIX)) for path in existing() if path.name[len(_PREFIX) :].isdecimal()
    ]
    return environments() / f"{_PREFIX}{max(numbers, default=0) + 1}"


def existing() -> tuple[Path, ...]:
    """Return the environments that exist."""
    return tuple(sorted(environments().glob(f"{_PREFIX}*")))


def usable_python(path: str | None = None) -> str:
    """Return a Python that can make environments: our own, or the newest on the path. Raises ``GpuError``."""
    own = () if is_bundled() else (sys.executable,)
    for python in filter(None, (*own, *(shutil.which(name, path=path) for name in _PYTHONS))):
        command = [str(python), "-c", _ASKS]
        try:
            asked = subprocess.run(command, capture_output=True, timeout=_ASK_S, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if asked.returncode == 0:
            return str(python)
    raise GpuError("no Python from 3.11 on with venv was found: install one (Debian: python3-venv)")


def run_here(command: Sequence[str]) -> int:
    """Run a command whose output goes to the terminal, with our own settings of Python left out."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode
    except OSError:
        return 127


def set_up(environment: Path, plan: Sequence[GpuStep], say: Callable[[str], None], run: Run = run_here) -> None:
    """Carry out the steps. If one fails or the user breaks off, remove the environment. Raises ``GpuError``."""
    private_folder(environment.parent)
    try:
        for number, step in enumerate(plan, start=1):
            say(f"[{number}/{len(plan)}] {step.title}")
            if run(step.command) != 0:
                command = command_text(step.command, sys.platform)
                raise GpuError(
                    f"{step.title} failed, see above; what was made is removed again. It was: {command}"
                )
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise


def remove(keep: Path | None = None) -> int:
    """Remove all environments but one, and return how many were removed."""
    gone = [path for path in existing() if path != keep]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)
