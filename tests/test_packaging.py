"""Check systemd units, the compose file with the programs that it starts, and the files of the menu."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from configparser import RawConfigParser
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import pytest

PACKAGING: Final = Path(__file__).resolve().parent.parent / "packaging"
MENU: Final = PACKAGING.parent / "app" / "system" / "menu"
UNITS: Final = sorted((PACKAGING / "systemd").rglob("*.service"))
_INSTALLED: Final = re.compile(r"(%h/\.local/bin|/opt/kikipounamu/bin)/")


def read(unit: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the sections of a unit; of a repeated key only the last value."""
    parser = RawConfigParser(strict=False, interpolation=None, comment_prefixes="#")
    parser.optionxform = str  # type: ignore[method-assign, assignment]  # configparser documents this way
    parser.read_string(unit.read_text())
    return parser


def test_units_exist_for_user_and_system() -> None:
    names = {f"{unit.parent.name}/{unit.stem}" for unit in UNITS}
    assert names == {
        f"{where}/kikipounamu-{what}" for where in ("user", "system") for what in ("gateway", "worker")
    }


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.parent.name}-{unit.stem}")
def test_unit_is_valid_for_systemd(unit: Path, tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("needs Linux with systemd")
    here = f"{Path(sys.executable).parent}/"
    text = _INSTALLED.sub(here, unit.read_text()).replace("User=kikipounamu\nGroup=kikipounamu\n", "")
    placed = tmp_path / unit.name
    placed.write_text(text)
    scope = "--user" if unit.parent.name == "user" else "--system"
    command = [verify, "verify", scope, "--man=no", "--recursive-errors=no", str(placed)]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    ours = [line for line in ran.stderr.splitlines() if unit.name in line]
    assert (ran.returncode, ours) == (0, []), ran.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.parent.name}-{unit.stem}")
def test_unit_starts_and_drains_as_documented(unit: Path) -> None:
    service = read(unit)["Service"]
    program, command = service["ExecStart"].split()[:2]
    assert Path(program).name == unit.stem and command == ("run" if "worker" in unit.stem else "serve")
    assert service["KillMode"] == "mixed", "the gateway ends its broker, the worker its engine"
    assert float(service["TimeoutStopSec"]) >= 30
    final = {"2", "3", "4"} if "worker" in unit.stem else {"2"}
    assert set(service["RestartPreventExitStatus"].split()) == final
    assert "KEY" not in service["ExecStart"] and "password" not in service["ExecStart"].lower()


def test_reload_is_refused_while_the_settings_are_invalid() -> None:
    """The main process ends before its successor runs, so a wrong certificate would leave none."""
    for unit in (unit for unit in UNITS if "gateway" in unit.stem):
        reloads = [line.split()[1] for line in unit.read_text().splitlines() if line.startswith("ExecReload=")]
        assert reloads == ["check", "restart"]


def test_user_unit_leaves_mode_to_gateway_toml() -> None:
    (gateway,) = (unit for unit in UNITS if (unit.parent.name, unit.stem) == ("user", "kikipounamu-gateway"))
    service = read(gateway)["Service"]
    assert "KIKIPOUNAMU_GATEWAY" not in service.get("Environment", ""), "the file could not say otherwise"
    assert service["ExecStart"].split()[1:] == ["serve"]


def test_compose_file_has_durable_redis() -> None:
    yaml: Any = import_module("yaml")  # a dependency of pre-commit
    services = yaml.safe_load((PACKAGING / "compose.yaml").read_text())["services"]
    assert set(services) == {"redis", "postgres"}
    said = services["redis"]["command"][-1]
    for wanted in ("appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "requirepass"):
        assert wanted in said
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), "no other computer reaches it"
        assert "healthcheck" in service


def test_commands_of_compose_file_configure_the_gateway() -> None:
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("needs a POSIX shell")
    said = re.findall(r"^#     (.*)$", (PACKAGING / "compose.yaml").read_text(), re.MULTILINE)
    stubs = (
        "docker() { :; }; kikipounamu_gateway() { env; }\n"  # shell functions cannot have a hyphen in their name
    )
    script = stubs + "\n".join(said).replace("…", "secret").replace("kikipounamu-gateway", "kikipounamu_gateway")
    ran = subprocess.run([shell, "-euc", script], env={"PATH": os.defpath}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "KIKIPOUNAMU_REDIS=redis://default:secret@127.0.0.1:6379" in ran.stdout.splitlines()
    history = "KIKIPOUNAMU_GATEWAY_HISTORY=postgresql://kikipounamu:secret@127.0.0.1/kikipounamu"
    assert history in ran.stdout.splitlines()


def test_table_of_graphics_cards_is_complete() -> None:
    said = (PACKAGING / "torch.md").read_text()
    assert (
        "sm_120" in said
        and "https://download.pytorch.org/whl/cu130" in said
        and "kikipounamu-worker doctor" in said
    )


def test_newest_release_of_menu_files_is_the_version() -> None:
    releases = ElementTree.parse(MENU / "org.kikipounamu.app.metainfo.xml").findall("releases/release")
    version = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text())["project"]["version"]
    assert releases[0].get("version") == version.partition(".dev")[0]


def test_menu_files_speak_every_language_of_the_windows() -> None:
    entry = (MENU / "org.kikipounamu.app.desktop").read_text()
    for key in ("GenericName", "Comment", "Keywords"):
        assert f"\n{key}=" in entry and f"\n{key}[zh_CN]=" in entry
    root = ElementTree.parse(MENU / "org.kikipounamu.app.metainfo.xml").getroot()
    for tag in ("summary", "description/p", "description/ul/li"):
        texts = [element.get("{http://www.w3.org/XML/1998/namespace}lang") for element in root.findall(tag)]
        assert texts.count(None) == texts.count("zh_CN") > 0


def test_download_pages_name_every_library_of_windows() -> None:
    listed = (PACKAGING / "apt-packages.txt").read_text().partition("[desktop]")[2].partition("[test]")[0]
    wanted = re.findall(r"^(lib\S+)", listed, re.MULTILINE)
    for page in ("download.md", "download.zh.md"):
        assert " ".join(wanted) in " ".join((PACKAGING.parent / "docs" / page).read_text().split()), page
