"""Printing and saving of figures, with the command and the machine that produced them."""

import argparse
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.machine import describe

Row = Mapping[str, object]


def arguments(description: str | None, **defaults: str) -> argparse.Namespace:
    """Parse ``--name VALUE`` for each default, and ``--json FILE``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", default=default)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    return parser.parse_args()


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
