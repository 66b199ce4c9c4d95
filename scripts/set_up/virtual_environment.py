"""An empty virtual environment with pip, also for a Python without ensurepip."""

import importlib.util
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.set_up import checkout
from scripts.set_up.commands import SetUpFailed, call, say
from scripts.set_up.environments import Environment


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
    folder = checkout.CACHE / "apt"
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


def link_redis(environment: Environment) -> None:
    """Give tests a ``redis-server``: Debian's redis-tools contains the server under another name."""
    binary = shutil.which("redis-check-rdb")
    link = environment.path / "bin" / "redis-server"
    if binary and not shutil.which("redis-server") and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(binary)
