"""Recipes around the self-contained folder: its build, bare systems, the Flatpak and the AppImage."""

import ast
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.identity import APP_ID
from runtime.bundle import PROGRAMS
from scripts.release.folder import name_of
from tests.helpers.packages import require, require_version

ROOT = Path(__file__).resolve().parents[1]
PACKAGING = ROOT / "packaging"
MANIFEST = PACKAGING / "flatpak" / f"{APP_ID}.yaml"
SPEC = PACKAGING / "frozen" / "kikipounamu.spec"
SCRIPTS = [path for path in sorted(PACKAGING.rglob("*.sh")) if path.parent.name != "debian"]


def manifest() -> dict[str, Any]:
    yaml: Any = import_module("yaml")  # a dependency of pre-commit
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    return found


def spec_value(name: str, platform: str = "linux") -> Any:
    """Return what the specification assigns to a name, on a system."""
    values = {
        "sys": SimpleNamespace(platform=platform),
        "PROGRAMS": PROGRAMS,
        "Path": Path,
        "SPECPATH": str(SPEC.parent),
    }
    for node in ast.parse(SPEC.read_text("utf-8")).body:
        assigned = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if isinstance(node, ast.Assign) and assigned in (name, "made", "programs"):
            values[assigned] = eval(ast.unparse(node.value), {}, values)
    return values[name]


def test_folder_has_every_package_of_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(f"{package}*" for package in spec_value("OURS")) == sorted(included)


def test_specification_names_modules_that_exist() -> None:
    named = {*spec_value("BY_NAME"), *spec_value("FILES_OF"), *spec_value("OTHER_DATABASES"), *spec_value("OURS")}
    wanted = (ROOT / "pyproject.toml").read_text("utf-8")  # this environment has not every extra
    lost = {
        module for module in named if find_spec(module) is None and f'"{module.replace("_", "-")}' not in wanted
    }
    assert lost == set()
    assert set(spec_value("FILES_OF")) <= set(spec_value("BY_NAME"))
    migrations = "backend.history.migrations"
    assert f'collect_data_files("{migrations}"' in SPEC.read_text("utf-8") and find_spec(migrations)


@pytest.mark.parametrize("hook", sorted((SPEC.parent / "hooks").glob("hook-*.py")), ids=lambda path: path.stem)
def test_hook_names_a_module_and_a_distribution_that_exist(hook: Path) -> None:
    assert find_spec(hook.stem.removeprefix("hook-"))
    (called,) = (node for node in ast.walk(ast.parse(hook.read_text("utf-8"))) if isinstance(node, ast.Call))
    assert distribution(str(ast.literal_eval(called.args[0]))).version


@pytest.mark.parametrize(("platform", "names"), [("linux", 1), ("darwin", 4), ("win32", 4)])
def test_folder_has_each_program_that_no_link_replaces(platform: str, names: int) -> None:
    """The app starts the others by their names. macOS opens the first one."""
    programs = spec_value("programs", platform)
    assert programs[0] == "kikipounamu" and len(programs) == names
    assert set(programs) <= PROGRAMS.keys()


@pytest.mark.parametrize(("platform", "name"), [("darwin", "kikipounamu.icns"), ("win32", "kikipounamu.ico")])
def test_icon_is_where_the_workflow_draws_it(platform: str, name: str) -> None:
    assert spec_value("icon", platform) == str(ROOT / "dist" / name)
    assert f"menu_icons dist/{name}" in (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")


def test_scripts_have_no_finding() -> None:
    require(("shellcheck",))
    ran = subprocess.run(["shellcheck", *map(str, SCRIPTS)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_bare_system_wants_the_keys_of_its_makers(tmp_path: Path) -> None:
    suite = tmp_path / "scripts" / "noble"
    suite.parent.mkdir()
    suite.write_text("keyring /usr/share/keyrings/missing/ubuntu-archive-keyring.gpg\n")
    root = f"id() {{ echo 0; }}; debootstrap() {{ touch {tmp_path}/called; }}; . {PACKAGING}/chroot.sh"
    command = ["bash", "-euc", f"{root}; bootstrap {tmp_path}/system noble python3"]
    environment = {"PATH": "/usr/bin:/bin", "DEBOOTSTRAP_DIR": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1 and "apt-get install -y ubuntu-keyring" in ran.stderr
    assert not (tmp_path / "called").exists()


def test_flatpak_is_made_of_files_that_are_there() -> None:
    said = manifest()
    (module,) = said["modules"]
    archive, *files = module["sources"]
    assert said["id"] == APP_ID and said["command"] in PROGRAMS
    assert (MANIFEST.parent / archive["path"]).resolve() == ROOT / "dist" / name_of("0.1.0", "full")
    assert all((MANIFEST.parent / file["path"]).resolve().is_file() for file in files)


def test_flatpak_asks_for_microphone_network_and_no_files() -> None:
    asked = manifest()["finish-args"]
    assert {"--socket=pulseaudio", "--share=network", "--socket=wayland"} <= set(asked)
    assert not [
        word for word in asked if word.startswith(("--filesystem", "--device=all", "--socket=session-bus"))
    ]


@pytest.mark.proof(minutes=1)
def test_flatpak_builder_reads_the_manifest() -> None:
    require(("flatpak-builder",))
    ran = subprocess.run(["flatpak-builder", "--show-manifest", str(MANIFEST)], capture_output=True, text=True)
    assert ran.returncode == 0 and "nknown" not in ran.stderr, ran.stderr


@pytest.fixture
def app_dir(tmp_path: Path) -> Path:
    """Return the folder of an AppImage around programs that print their name and arguments."""
    require(("zstd",))
    folder = tmp_path / "kikipounamu"
    folder.mkdir()
    program = folder / "kikipounamu"
    program.write_text('#!/bin/sh\necho "${0##*/}" "$@"\n')
    program.chmod(0o755)
    for name in PROGRAMS.keys() - {"kikipounamu"}:
        (folder / name).symlink_to("kikipounamu")
    archive = tmp_path / "folder.tar.zst"
    subprocess.run(["tar", "--zstd", "-cf", archive, "-C", tmp_path, "kikipounamu"], check=True)
    command: list[str] = [str(PACKAGING / "appimage" / "build.sh"), str(archive), str(tmp_path)]
    environment = {"PATH": "/usr/bin:/bin"}  # without appimagetool
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return tmp_path / "kikipounamu.AppDir"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: AppImages")
def test_app_image_is_every_program(app_dir: Path) -> None:
    def run(*words: str, called: str = "") -> str:
        environment = {"PATH": "/usr/bin:/bin", **({"ARGV0": called} if called else {})}
        ran = subprocess.run([app_dir / "AppRun", *words], env=environment, capture_output=True, text=True)
        return ran.stdout.strip()

    assert run() == "kikipounamu app"
    assert run("toggle") == "kikipounamu toggle"
    assert run("kikipounamu-worker", "doctor") == "kikipounamu-worker doctor"
    assert run("serve", called="/x/kikipounamu-gateway") == "kikipounamu-gateway serve"
    assert run("status", called="./renamed.AppImage") == "kikipounamu status"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: AppImages")
def test_app_image_has_what_a_desktop_looks_for(app_dir: Path) -> None:
    require_version("desktop-file-utils", "0.27")  # the first that knows version 1.5 of desktop files
    entry = app_dir / f"{APP_ID}.desktop"
    ran = subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    assert f"\nIcon={APP_ID}\n" in entry.read_text()
    assert (app_dir / ".DirIcon").read_bytes() == (app_dir / f"{APP_ID}.svg").read_bytes()
    assert (app_dir / "usr/share/metainfo" / f"{APP_ID}.appdata.xml").is_file()
