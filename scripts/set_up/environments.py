"""Virtual environments of the make commands, and their stamps: an environment with a current one is up to date."""

import contextlib
import hashlib
import importlib
import json
import os
import platform
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.set_up import checkout

STAMP: Final = "kikipounamu-set-up.txt"


@dataclass(frozen=True)
class Environment:
    """A virtual environment in ``folder`` with ``extras``; ``sections`` of the package list."""

    folder: str
    extras: tuple[str, ...]
    sections: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The folder of the environment."""
        return checkout.ROOT / self.folder

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.path / "bin" / "python"


_SCREEN: Final = ("desktop",) if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") else ()
_SERVING: Final = ("gateway", "worker", "whisper", "microphone")
_TESTING: Final = (*_SERVING, "streaming", "server", "desktop", "media", "mcp", "dev")
_TESTED_WITH: Final = ("run", "desktop", "test")
ENVIRONMENTS: Final = {
    "run": Environment(".venv-run", (*_SERVING, *_SCREEN), ("run", *_SCREEN)),
    "light": Environment(".venv-light", _TESTING, _TESTED_WITH),
    "test": Environment(".venv", (*_TESTING, "funasr"), _TESTED_WITH),
    "release": Environment(".venv-release", ("release", "gateway", "worker", "desktop"), ()),
}


def stamp_of(environment: Environment) -> str:
    """Return the inputs of ``environment`` as text; an equal stamp means up to date."""
    project = tomllib.loads((checkout.ROOT / "pyproject.toml").read_text())
    installed = [project["build-system"], project["project"], project["tool"]["setuptools"]]
    digest = hashlib.sha256(json.dumps(installed, sort_keys=True).encode())
    for listed in (checkout.CONSTRAINTS, checkout.PACKAGES):
        digest.update(listed.read_bytes())
    made_of = [f"Python {platform.python_version()} {sys.platform} {platform.machine()}", str(environment.path)]
    return "\n".join([*made_of, ",".join(environment.extras), digest.hexdigest(), ""])


def is_current(environment: Environment) -> bool:
    """Return whether the last set-up of ``environment`` is still up to date."""
    with contextlib.suppress(OSError):
        return environment.python.exists() and (environment.path / STAMP).read_text() == stamp_of(environment)
    return False


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Allow one set-up at a time in this checkout; a second one waits."""
    checkout.CACHE.mkdir(exist_ok=True)
    with (checkout.CACHE / "set-up.lock").open("w") as lock:
        fcntl: Any = importlib.import_module("fcntl")  # not on Windows, whose tests read the packages from here
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
