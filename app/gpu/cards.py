"""Graphics cards, as ``nvidia-smi`` describes them."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

_LIMIT_S: Final = 60.0
_FIELDS: Final = ("name", "driver_version", "compute_cap")

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns its output; empty if it is missing, fails or takes too long."""


class GraphicsCard(NamedTuple):
    """A card with its driver's version and its capability, both in parts."""

    name: str
    driver: tuple[int, ...]
    capability: tuple[int, ...]

    @property
    def says(self) -> str:
        """The card for people."""
        driver, capability = (".".join(map(str, parts)) for parts in (self.driver, self.capability))
        return f"{self.name}, capability {capability}, driver {driver}"


def ask(command: Sequence[str]) -> str:
    """Run a command on this computer. Blocks."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def find_cards(ask: Ask = ask) -> tuple[GraphicsCard, ...]:
    """Return the cards that NVIDIA's driver reports, the most capable first. Blocks."""
    told = ask(["nvidia-smi", f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader"])
    return tuple(sorted(_read(told), key=lambda card: card.capability, reverse=True))


def _read(told: str) -> Iterator[GraphicsCard]:
    for line in told.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) == len(_FIELDS):
            driver, capability = (tuple(map(int, part.split("."))) if _dotted(part) else () for part in parts[1:])
            if driver and capability:
                yield GraphicsCard(parts[0], driver, capability)


def _dotted(text: str) -> bool:
    return text.isascii() and all(part.isdecimal() for part in text.split("."))
