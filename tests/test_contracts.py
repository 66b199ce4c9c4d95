"""Test the import contracts of ``pyproject.toml``: all hold, and each of them can fail."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

PLANTED = {
    "programs never import each other; client, speech and runtime meet only in protocol": "app/ui: import worker",
    "backend and worker do not use the gateway client, but for adapters": "backend: import client",
    "protocol is data and pure functions: standard library and msgspec only": "protocol: import numpy",
    "the desktop and the client library know nothing of jobs, Redis or torch": "app: import protocol.job",
    "the worker knows nothing of client sessions": "worker/engines: import protocol.session",
    "speech is audio maths: no servers, no Redis, no torch": "speech: import aiohttp",
    "one Redis file per side": "loadtest: import redis",
    "an engine's libraries are imported only in its own file": "worker/supervision: import torch",
    "pairing, certificates, signatures and mDNS: each library only in its own files": "backend: import zeroconf",
    "databases only in the history of a gateway": "backend: import sqlalchemy",
    "figures for Prometheus: its library only in their own files": "runtime: import prometheus_client",
    "Qt only in app.ui, app.main and app.windows": "client: from PySide6 import QtCore",
    "MCP: its library only in app.mcp_server": "app/cli: import mcp",
    "D-Bus: its library only in app.bus": "app/system: import dbus_fast",
    "packages of app import only lower ones": "app/core: import app.settings",
    "packages of worker import only lower ones": "worker/core: import worker.broker",
    "packages of loadtest import only lower ones": "loadtest/speakers: import loadtest.chaos",
    "windows are opened only by app.main and app.windows": "app/cli: import app.ui",
    "packages of backend form no cycle": "backend/core: import backend.sessions",
    "processes of a gateway know nothing of sessions, jobs and files": "backend/processes: import backend.rest",
    "modules at a root compose: only the command line imports them": "backend/rest: import backend.settings",
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the packages in ``folder`` as ``make lint`` does."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_import_contracts_hold() -> None:
    checked = lint_imports(ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_contract_has_a_planted_violation() -> None:
    assert set(PLANTED) == {contract["name"] for contract in SETTINGS["contracts"]}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the report on each broken contract when every violation is planted at once."""
    folder = tmp_path_factory.mktemp("planted")
    for name in SETTINGS["root_packages"]:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for number, planted in enumerate(PLANTED.values()):
        package, _, statement = planted.partition(": ")
        (folder / package / f"planted_{number}.py").write_text(f"{statement}\n")
    checked = lint_imports(folder)
    assert checked.returncode == 1, checked.stdout + checked.stderr
    said = checked.stdout.partition("Broken contracts\n")[2]
    _, *parts = re.split(r"\n\n((?:[^\n]+\n){1,3})-{3,}\n(?:-+\n)?", said)
    return {" ".join(title.split()): text for title, text in zip(parts[::2], parts[1::2], strict=True)}


@pytest.mark.parametrize("contract", PLANTED)
def test_planted_violation_breaks_its_contract(contract: str, broken: dict[str, str]) -> None:
    package, _, statement = PLANTED[contract].partition(": ")
    planted = f"{package.replace('/', '.')}.planted_{list(PLANTED).index(contract)} -> "
    cycle = f".{package.rpartition('/')[2]} -> .{statement.rpartition('.')[2]} (1 import)"
    assert planted in broken[contract] or cycle in broken[contract]
