"""The releases in ``constraints.txt``: chosen by pip for the environment of the tests, and written down."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from scripts.set_up import checkout
from scripts.set_up.commands import call, say
from scripts.set_up.environments import ENVIRONMENTS
from scripts.set_up.virtual_environment import make_virtual_environment

# torch stays a range: the right build depends on the machine. Dependencies of torch alone are not pinned either.
NOT_PINNED: Final = re.compile(r"(pip|torch|triton|nvidia-.*|cuda-.*|kikipounamu)$")


def pins(report: dict[str, Any]) -> list[str]:
    """Return ``name==version`` for each package of a pip installation report, without local versions."""
    found = {}
    for entry in report["install"]:
        name = re.sub(r"[-_.]+", "-", entry["metadata"]["name"]).lower()
        if not NOT_PINNED.match(name):
            found[name] = entry["metadata"]["version"].partition("+")[0]
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def write_constraints() -> None:
    """Let pip choose the newest compatible releases for this Python, and write them down."""
    environment = ENVIRONMENTS["test"]
    make_virtual_environment(environment)
    project = ["-e", f".[{','.join((*environment.extras, *ENVIRONMENTS['release'].extras))}]"]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        options = ["-q", "--dry-run", "--ignore-installed", "--report", report.name]
        call(environment.python, "-m", "pip", "install", *options, *project, cwd=checkout.ROOT)
        chosen = pins(json.loads(Path(report.name).read_text()))
    header = [
        "# Releases that were tested together. Made by `make constraints` on the oldest Python that we support;",
        "# newer ones add a few packages that are not pinned. torch is a range in pyproject.toml, on purpose.",
    ]
    checkout.CONSTRAINTS.write_text("\n".join([*header, *chosen, ""]))
    say(f"{checkout.CONSTRAINTS.name}: {len(chosen)} pins")
