"""Python packages of an environment, at the releases in ``constraints.txt``."""

import contextlib
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from scripts.set_up import checkout
from scripts.set_up.commands import call, say
from scripts.set_up.environments import Environment


def cpu_torch(environment: Environment) -> str | None:
    """Return the newest CPU build of torch that pip's configuration offers, as a requirement."""
    command = [str(environment.python), "-m", "pip", "index", "versions", "torch"]
    listed = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return newest_cpu_build(listed.stdout)


def newest_cpu_build(listed: str) -> str | None:
    """Pick the newest CPU build from the output of ``pip index versions torch``."""
    builds = re.findall(r"\b(\d+(?:\.\d+)+\+cpu)\b", listed)
    return f"torch=={builds[0]}" if builds else None


def announce(environment: Environment, torch: str | None) -> None:
    """Print the size of the downloads."""
    size = "about 250 MB"
    if "funasr" in environment.extras:
        cuda = torch is None and sys.platform == "linux" and platform.machine() == "x86_64"
        size = "about 3 GB: pip is offered torch only with CUDA" if cuda else "about 600 MB, with torch for CPU"
        if cuda:
            say("`make test-light` needs a tenth of that: it tests everything that needs no torch")
    say(f"setting up {environment.folder} for Python {platform.python_version()}, downloading {size}")


def install(environment: Environment) -> None:
    """Install the checkout with the extras, at the pinned releases."""
    torch = cpu_torch(environment) if "funasr" in environment.extras else None
    announce(environment, torch)
    pip_install(environment, torch)
    if torch and not loads(environment, "torch"):  # a build for a newer system, which pip cannot detect
        say(f"{torch} does not load on this system: taking another build")
        announce(environment, None)
        pip_install(environment, torch.replace("==", "!="))


def loads(environment: Environment, module: str) -> bool:
    """Return whether ``module`` can be imported in the environment."""
    command = [str(environment.python), "-c", f"import {module}"]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0


def pip_install(environment: Environment, *more: str | None) -> None:
    """Run pip once, with the project, its extras and ``more``. Without a terminal, its lines go into a file."""
    command: list[str | Path] = [environment.python, "-m", "pip", "install", "--disable-pip-version-check"]
    command += [
        "--no-input",
        "-c",
        checkout.CONSTRAINTS,
        "-e",
        f".[{','.join(environment.extras)}]",
        *filter(None, more),
    ]
    environ = {**os.environ, "PIP_USE_PEP517": "1"}  # default of newer pips; older ones warn about old packages
    with contextlib.nullcontext() if sys.stderr.isatty() else (environment.path / "pip.log").open("w") as lines:
        call(*command, *(["--progress-bar", "off"] if lines else []), output=lines, cwd=checkout.ROOT, env=environ)
