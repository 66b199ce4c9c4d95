"""Measure the memory of a program and all its descendants, and its growth with the work done."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

MIB = 1024 * 1024
_PARTS = 10
LOW, HIGH = 2, 98  # per cent


def role_of(process: psutil.Process) -> str:
    """Return the role of ``process``: the module or script that Python runs, else the program's name.

    ``kikipounamu`` is many programs, and the app runs some of them briefly, so its first word is part of the role.
    """
    words = process.cmdline()
    if not words or not Path(words[0]).name.startswith("python"):
        return process.name()
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    script = Path(words[1]).name
    return " ".join((script, *words[2:3])) if script == "kikipounamu" else script


def written_bytes(process: int) -> int:
    """Return the bytes that only this process has, and has written. Source: proc(5), ``smaps_rollup``."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()[1:]
    sizes = {name: int(size.split()[0]) for name, size in (line.split(":") for line in lines)}
    return 1024 * (sizes["Private_Dirty"] + sizes["Swap"])


@dataclass
class MemoryWatch:
    """Memory samples by role; ``samples``: work done, and bytes that the role's processes have written.

    Pages read from files do not count: they become private once no other process maps the file, without any
    growth.
    """

    root: psutil.Process
    samples: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def sample(self, done: int) -> None:
        """Measure every process now, after ``done`` units of work."""
        sums: dict[str, int] = {}
        for process in (self.root, *self.root.children(recursive=True)):
            with suppress(psutil.Error, ProcessLookupError, FileNotFoundError):
                role = role_of(process)
                sums[role] = sums.get(role, 0) + written_bytes(process.pid)
        for role, size in sums.items():
            self.samples.setdefault(role, []).append((done, size))

    def lasting(self) -> Iterable[str]:
        """Return the roles in at least half of the samples: others are short-lived."""
        most = max(len(samples) for samples in self.samples.values())
        return [role for role, samples in self.samples.items() if len(samples) * 2 >= most]

    def parts(self, role: str, percent: float, since: float = 0.0) -> tuple[list[float], list[float]]:
        """Return the work done, and this percentile in bytes, of ten parts after the fraction ``since`` of it."""
        last = max(done for done, _ in self.samples[role])
        late = np.array([sample for sample in self.samples[role] if sample[0] >= last * since], dtype=float)
        parts = np.array_split(late, min(_PARTS, len(late)))
        done = [float(part[:, 0].mean()) for part in parts]
        return done, [float(np.percentile(part[:, 1], percent)) for part in parts]

    def slope(self, role: str, since: float = 0.2) -> float:
        """Return the growth of both the low and the high samples, in bytes per unit of work.

        A leak raises all samples. A process that returns its memory once a minute has low ones by chance.
        """
        fits = [self.parts(role, percent, since) for percent in (LOW, HIGH)]
        return min(float(np.polyfit(done, sizes, 1)[0]) if len(done) > 1 else 0.0 for done, sizes in fits)

    def at(self, role: str, part: float) -> int:
        """Return the memory of ``role`` once the fraction ``part`` of the work was done."""
        last = max(done for done, _ in self.samples[role])
        return next(size for done, size in self.samples[role] if done >= part * last)
