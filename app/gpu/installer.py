"""Plan and set up an environment with torch, check it with a decode, and undo all if a step fails. Blocks.

The build of torch depends on the graphics card; see ``packaging/torch.md``.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from app.core.errors import AppError
from runtime.folders import folders, private_folder
from runtime.installing import command_text
from runtime.programs import is_bundled

_LIMIT_S: Final = 60.0
_FIELDS: Final = ("name", "driver_version", "compute_cap")

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns its output; empty if it is missing, fails or takes too long."""


class NvidiaCard(NamedTuple):
    """A card with its driver's version and its capability, both as tuples of numbers."""

    name: str
    driver: tuple[int, ...]
    capability: tuple[int, ...]

    @property
    def description(self) -> str:
        """The description of the card for people."""
        driver, capability = (".".join(map(str, parts)) for parts in (self.driver, self.capability))
        return f"{self.name}, capability {capability}, driver {driver}"


def ask(command: Sequence[str]) -> str:
    """Run a command on this computer. Blocks."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LIMIT_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def find_cards(ask: Ask = ask) -> tuple[NvidiaCard, ...]:
    """Return the cards that NVIDIA's driver reports, the most capable first. Blocks."""
    output = ask(["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader"])
    return tuple(sorted(_parse_cards(output), key=lambda card: card.capability, reverse=True))


def _parse_cards(output: str) -> Iterator[NvidiaCard]:
    for line in output.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == len(_FIELDS):
            driver, capability = (
                tuple(map(int, part.split("."))) if _is_version(part) else () for part in parts[1:]
            )
            if driver and capability:
                yield NvidiaCard(parts[0], driver, capability)


def _is_version(text: str) -> bool:
    return text.isascii() and all(part.isdecimal() for part in text.split("."))


_INDEX: Final = "https://download.pytorch.org/whl/"
_TURING: Final = (7, 5)


class GpuError(AppError):
    """The graphics card cannot be set up. The message contains the remedy."""


class TorchBuild(NamedTuple):
    """A build of torch: for capabilities from ``lowest`` to ``highest``, with a driver from ``driver`` on."""

    name: str
    lowest: tuple[int, int]
    highest: tuple[int, int]
    driver: int
    requirement: str

    def runs_on(self, card: NvidiaCard) -> bool:
        """Return whether the build was made for this card."""
        return self.lowest <= card.capability[:2] <= self.highest


class TorchChoice(NamedTuple):
    """The requirement for pip, and the index that has it. ``device``: the worker's argument."""

    requirement: str
    place: str
    device: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of ``pip install``."""
        return (self.requirement, "--index-url", self.place) if self.place else (self.requirement,)


CPU: Final = TorchChoice("torch>=2.6", f"{_INDEX}cpu", "cpu")
PLAIN: Final = TorchChoice("torch>=2.6", "", "cpu")

# The best first. A build of CUDA 13 needs a driver of 580, those of CUDA 12 one of 525.
_BUILDS: Final = (
    TorchBuild("cu130", _TURING, (12, 9), 580, "torch>=2.9"),
    TorchBuild("cu126", _TURING, (9, 9), 525, "torch>=2.6"),
    TorchBuild("cu128", (10, 0), (12, 9), 570, "torch>=2.7,<2.12"),
    TorchBuild("cu126", (5, 0), (7, 4), 525, "torch>=2.6,<2.15"),  # 2.15 is to drop them
)
_BUILDS_ON_ARM: Final = (
    TorchBuild("cu130", (8, 0), (12, 9), 580, "torch>=2.9"),
    TorchBuild("cu126", (8, 0), (9, 9), 525, "torch>=2.6"),
)
_ARM: Final = frozenset({"aarch64", "arm64"})


def choose_torch(platform: str, machine: str, card: NvidiaCard | None) -> TorchChoice:
    """Return the build for a card, or for the processor without one. Raises ``GpuError``.

    ``platform`` is ``sys.platform``, ``machine`` that of ``platform.machine``.
    """
    if platform == "darwin":
        return PLAIN
    if card is None:
        return CPU
    builds = _BUILDS_ON_ARM if platform == "linux" and machine.lower() in _ARM else _BUILDS
    fitting = [build for build in builds if build.runs_on(card)]
    if not fitting:
        raise GpuError(f"no build of torch runs on {card.description}: recognise on the processor (--device cpu)")
    for build in fitting:
        if card.driver[0] >= build.driver:
            return TorchChoice(build.requirement, f"{_INDEX}{build.name}", "cuda")
    wanted = min(build.driver for build in fitting)
    raise GpuError(f"the driver of {card.description} is too old: update it to {wanted} or newer")


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

    ``python`` creates the environment. ``source``: the folder of a checkout, a wheel, or a version such as
    ==0.1.0.
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
    """Carry out the steps. If one fails or the user interrupts, remove the environment. Raises ``GpuError``."""
    private_folder(environment.parent)
    try:
        for number, step in enumerate(plan, start=1):
            say(f"[{number}/{len(plan)}] {step.title}")
            if run(step.command) != 0:
                command = command_text(step.command, sys.platform)
                raise GpuError(
                    f"{step.title} failed, see above; the environment is removed again. The command was: {command}"
                )
    except BaseException:
        shutil.rmtree(environment, ignore_errors=True)
        raise


def remove(keep: Path | None = None) -> int:
    """Remove all environments but one as far as the disk allows, and return how many there were."""
    gone = [path for path in existing() if path != keep]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)
