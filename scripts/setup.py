"""Set up a bare checkout: system packages, virtual environments, pins. Standard library only.

    python3 scripts/setup.py run           the light install of `make run`
    python3 scripts/setup.py test          everything, with torch
    python3 scripts/setup.py light         everything but torch
    python3 scripts/setup.py proofs        what proofs need beyond that: Debian packages
    python3 scripts/setup.py release       the tools of `make release`
    python3 scripts/setup.py lint          prints the folder of an environment that has the linters
    python3 scripts/setup.py constraints   rewrites constraints.txt

An environment carries a stamp of its inputs. While the stamp is current, set-up does nothing.
"""

import argparse
import contextlib
import ctypes.util
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CACHE: Final = ROOT / ".cache"
CONSTRAINTS: Final = ROOT / "constraints.txt"
PACKAGES: Final = ROOT / "packaging" / "apt-packages.txt"
INSTALL: Final = ("install", "-y", "--no-install-recommends", "--no-remove")
STAMP: Final = "kikipounamu-set-up.txt"
# torch stays a range: the right build depends on the machine. Dependencies of torch alone are not pinned either.
NOT_PINNED: Final = re.compile(r"(pip|torch|triton|nvidia-.*|cuda-.*|kikipounamu)$")


class SetUpFailed(Exception):
    """Set-up cannot continue; the text states the remedy."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment in ``folder`` with ``extras``; ``sections`` of the package list."""

    folder: str
    extras: tuple[str, ...]
    sections: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The folder of the environment."""
        return ROOT / self.folder

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


def say(text: str) -> None:
    """Inform the user on standard error; standard output is for results."""
    print(text, file=sys.stderr, flush=True)


def call(*command: str | Path, output: Any = None, **options: Any) -> None:
    """Run a command. Its output goes to standard error by default. Raises ``SetUpFailed`` with its name."""
    arguments = [str(word) for word in command]
    try:
        subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL, stdout=output or sys.stderr, **options)
    except (OSError, subprocess.CalledProcessError) as error:
        where = f"above and {output.name}" if output else "above"
        raise SetUpFailed(f"this command failed, see {where}: {' '.join(arguments)}") from error


# -- stamps ------------------------------------------------------------------------------------------------


def stamp_of(environment: Environment) -> str:
    """Return the inputs of ``environment`` as text; an equal stamp means up to date."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = [project["build-system"], project["project"], project["tool"]["setuptools"]]
    digest = hashlib.sha256(json.dumps(installed, sort_keys=True).encode())
    for listed in (CONSTRAINTS, PACKAGES):
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
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w") as lock:
        fcntl: Any = importlib.import_module("fcntl")  # not on Windows, whose tests read the packages from here
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- system packages ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SystemPackage:
    """A Debian package, needed if the thing that it ``provides`` is missing."""

    name: str
    provides: str
    reason: str

    @property
    def missing(self) -> bool:
        """Return whether this machine lacks the thing that the package provides."""
        kind, _, thing = self.provides.partition(":")
        if kind == "module":
            return importlib.util.find_spec(thing) is None
        if kind == "library":
            return ctypes.util.find_library(thing) is None
        if kind == "font":
            return not has_font(thing.replace("-", " "))
        if kind == "file":
            return not any(Path("/").glob(thing.lstrip("/")))
        if kind == "alsa":
            folders = ("lib*/alsa-lib", "lib*/*/alsa-lib")
            return not any(path for folder in folders for path in Path("/usr").glob(f"{folder}/{thing}"))
        return shutil.which(thing) is None


def has_font(family: str) -> bool:
    """Return whether this font family is installed, by fontconfig or by file name."""
    if not shutil.which("fc-list"):
        return any(Path("/usr/share/fonts").rglob(f"{family.replace(' ', '').removesuffix('SC')}*"))
    listed = subprocess.run(["fc-list", family], capture_output=True, stdin=subprocess.DEVNULL)
    return bool(listed.stdout.strip())


def system_packages(text: str, sections: Sequence[str]) -> list[SystemPackage]:
    """Read the packages of these sections from ``packaging/apt-packages.txt``."""
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif line.strip() and not line.startswith("#") and section in sections:
            name, provides, reason = line.split(maxsplit=2)
            found.append(SystemPackage(name, provides, reason))
    return found


def privilege() -> list[str] | None:
    """Return the command prefix for ``apt-get``; ``None``: packages cannot be installed."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    asked = [shutil.which("sudo") or "false", "-n"]
    permitted = subprocess.run([*asked, "true"], capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    return asked if permitted else None


def install_system_packages(packages: Sequence[SystemPackage]) -> None:
    """Install missing packages if permitted; otherwise print the command to run, and continue.

    Nothing is removed: pulseaudio would replace PipeWire's packages, and the desktop with them.
    Packages are installed one by one, so that a failure affects no other.
    """
    missing = [package for package in packages if package.missing]
    if not missing:
        return
    names = [package.name for package in missing]
    before = privilege()
    if before is not None:
        say(f"installing Debian packages: {' '.join(names)}")
        apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        for command in (["update"], *([*INSTALL, name] for name in names)):
            say(f"    {command[-1]}")
            subprocess.run([*apt, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        importlib.invalidate_caches()
    for package in (package for package in missing if package.missing):
        say(f"not there: {package.name} ({package.reason}). Going on without it; to have it, run:")
        say(f"    sudo apt-get {' '.join(INSTALL)} {package.name}")


# -- virtual environments ----------------------------------------------------------------------------------


def make_virtual_environment(environment: Environment) -> None:
    """Make the environment with pip, or keep a working one."""
    if works(environment):
        return
    say(f"making a virtual environment in {environment.folder}")
    command = [sys.executable, "-m", "venv", "--clear"]
    if importlib.util.find_spec("ensurepip"):
        call(*command, environment.path)
    else:
        wheel = debian_pip_wheel()
        call(*command, "--without-pip", environment.path)
        call(environment.python, wheel / "pip", "install", "-q", "--no-index", "--no-deps", wheel)


def works(environment: Environment) -> bool:
    """Return whether the environment has this Python, this place and pip."""
    script = environment.path / "bin" / "pip"
    if not environment.python.exists() or not script.exists():
        return False
    question = "import platform, pip; print(platform.python_version())"
    answer = subprocess.run([environment.python, "-c", question], capture_output=True, text=True)
    here = str(environment.path).encode() in script.read_bytes()[:500]
    return here and answer.stdout.strip() == platform.python_version()


def debian_pip_wheel() -> Path:
    """Unpack Debian's pip into ``.cache`` for a user who cannot install ``python3-venv``."""
    advice = "pip is missing. Run: sudo apt-get install -y --no-install-recommends python3-venv"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SetUpFailed(f"this Python has no ensurepip, so {advice}")
    say("python3-venv is not there: taking pip out of Debian's package python3-pip-whl")
    folder = CACHE / "apt"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    own = [
        f"Dir::State={folder / 'state'}",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={folder / 'cache'}",
    ]
    apt = ["apt-get", "-qq", *(word for option in own for word in ("-o", option))]
    try:
        call(*apt, "update")
        call(*apt, "download", "python3-pip-whl", cwd=folder)
        call("dpkg-deb", "-x", *folder.glob("python3-pip-whl_*.deb"), folder / "unpacked")
        (wheel,) = (folder / "unpacked").glob("usr/share/python-wheels/pip-*.whl")
    except (SetUpFailed, ValueError) as error:
        raise SetUpFailed(f"Debian's pip could not be fetched. {advice}") from error
    return wheel


# -- Python packages ---------------------------------------------------------------------------------------


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
    command += ["--no-input", "-c", CONSTRAINTS, "-e", f".[{','.join(environment.extras)}]", *filter(None, more)]
    environ = {**os.environ, "PIP_USE_PEP517": "1"}  # default of newer pips; older ones warn about old packages
    with contextlib.nullcontext() if sys.stderr.isatty() else (environment.path / "pip.log").open("w") as lines:
        call(*command, *(["--progress-bar", "off"] if lines else []), output=lines, cwd=ROOT, env=environ)


def link_redis(environment: Environment) -> None:
    """Give tests a ``redis-server``: Debian's redis-tools contains the server under another name."""
    binary = shutil.which("redis-check-rdb")
    link = environment.path / "bin" / "redis-server"
    if binary and not shutil.which("redis-server") and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(binary)


def set_up(environment: Environment) -> None:
    """Bring ``environment`` up to date; does nothing if it is current."""
    if is_current(environment):
        return
    with alone():
        if is_current(environment):
            return
        began = time.monotonic()
        install_system_packages(system_packages(PACKAGES.read_text(), environment.sections))
        (environment.path / STAMP).unlink(missing_ok=True)
        make_virtual_environment(environment)
        install(environment)
        if "test" in environment.sections:
            link_redis(environment)
        (environment.path / STAMP).write_text(stamp_of(environment))
        seconds, size = time.monotonic() - began, sum(path.lstat().st_size for path in environment.path.rglob("*"))
        say(f"{environment.folder} is ready: {seconds:.0f} s, {size // 1_000_000} MB on disk")


# -- pins --------------------------------------------------------------------------------------------------


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
    wanted = ["-e", f".[{','.join((*environment.extras, *ENVIRONMENTS['release'].extras))}]"]
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        options = ["-q", "--dry-run", "--ignore-installed", "--report", report.name]
        call(environment.python, "-m", "pip", "install", *options, *wanted, cwd=ROOT)
        chosen = pins(json.loads(Path(report.name).read_text()))
    header = [
        "# Releases that were tested together. Made by `make constraints` on the oldest Python that we support;",
        "# newer ones add a few packages that are not pinned. torch is a range in pyproject.toml, on purpose.",
    ]
    CONSTRAINTS.write_text("\n".join([*header, *chosen, ""]))
    say(f"{CONSTRAINTS.name}: {len(chosen)} pins")


def main() -> int:
    """Parse the command line and set up."""
    parser = argparse.ArgumentParser(description="Set up what a make command needs.")
    parser.add_argument("what", choices=[*ENVIRONMENTS, "proofs", "lint", "constraints"])
    what = parser.parse_args().what
    try:
        if what == "constraints":
            write_constraints()
        elif what == "proofs":
            install_system_packages(system_packages(PACKAGES.read_text(), ("proofs",)))
        elif what == "lint":
            environment = ENVIRONMENTS["test" if is_current(ENVIRONMENTS["test"]) else "light"]
            set_up(environment)
            print(environment.folder)
        else:
            set_up(ENVIRONMENTS[what])
    except SetUpFailed as failure:
        say(f"set-up failed: {failure}")
        return 1
    except KeyboardInterrupt:
        say("set-up was interrupted: repeat the command to complete it")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
