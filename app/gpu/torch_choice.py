"""Graphics cards of this computer, and the build of torch for them; see ``packaging/torch.md``."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from app.core.errors import AppError

_LIMIT_S: Final = 60.0
_FIELDS: Final = ("name", "driver_version", "compute_cap")

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns its output; empty if it is missing, fails or takes too long."""


class NvidiaCard(NamedTuple):
    """A card with its driver's version and its capability, both in parts."""

    name: str
    driver: tuple[int, ...]
    capability: tuple[int, ...]

    @property
    def description(self) -> str:
        """The card for people."""
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
    return tuple(sorted(_read(output), key=lambda card: card.capability, reverse=True))


def _read(output: str) -> Iterator[NvidiaCard]:
    for line in output.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == len(_FIELDS):
            driver, capability = (tuple(map(int, part.split("."))) if _dotted(part) else () for part in parts[1:])
            if driver and capability:
                yield NvidiaCard(parts[0], driver, capability)


def _dotted(text: str) -> bool:
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
