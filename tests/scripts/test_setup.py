"""Test the decisions of set-up. ``make fresh`` runs the installs themselves."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from scripts import setup
from scripts.setup import Environment, SystemPackage

LIST = """\
# a comment
[run]
python3-venv  module:ensurepip  pip for the environments
[test]
redis-tools   command:redis-check-rdb  the server, under another name
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a separate checkout with the files that set-up reads."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((setup.ROOT / name).read_bytes())
    (tmp_path / "apt-packages.txt").write_bytes(setup.PACKAGES.read_bytes())
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(setup, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(setup, "PACKAGES", tmp_path / "apt-packages.txt")
    yield tmp_path


@pytest.fixture
def environment(checkout: Path) -> Environment:
    """Make an environment that is current by its stamp."""
    environment = Environment(".venv", ("gateway",), ("run",))
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    (environment.path / setup.STAMP).write_text(setup.stamp_of(environment))
    return environment


def test_current_environment_is_left_alone(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    setup.set_up(environment)
    assert setup.is_current(environment)


def test_changed_lint_rule_keeps_environment_current(environment: Environment, checkout: Path) -> None:
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text().replace("max-args = 6", "max-args = 5"))
    assert setup.is_current(environment)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pyproject.toml", '"redis[hiredis]', '"valkey[hiredis]'),
        ("constraints.txt", "==", "==9"),
        ("apt-packages.txt", "[test]", "[test]\nnew  command:new  a reason"),
    ],
)
def test_new_requirement_makes_environment_stale(
    environment: Environment, checkout: Path, name: str, old: str, new: str
) -> None:
    path = checkout / name
    path.write_text(path.read_text().replace(old, new, 1))
    assert not setup.is_current(environment)


def test_moved_checkout_makes_environment_stale(environment: Environment, checkout: Path) -> None:
    stamp = environment.path / setup.STAMP
    stamp.write_text(stamp.read_text().replace(str(checkout), "/elsewhere"))
    assert not setup.is_current(environment)


def test_missing_python_makes_environment_stale(environment: Environment) -> None:
    environment.python.unlink()
    assert not setup.is_current(environment)


def test_every_environment_names_extras_that_exist() -> None:
    extras = json.loads(_in_python("print(json.dumps(list(project['optional-dependencies'])))"))
    for environment in setup.ENVIRONMENTS.values():
        assert set(environment.extras) <= set(extras)
    assert "funasr" not in setup.ENVIRONMENTS["run"].extras


def _in_python(expression: str) -> str:
    source = f"import json, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; {expression}"
    return subprocess.run(
        [sys.executable, "-c", source], cwd=setup.ROOT, capture_output=True, check=True
    ).stdout.decode()


def test_packages_are_read_by_section() -> None:
    assert [package.name for package in setup.system_packages(LIST, ("run", "test"))] == [
        "python3-venv",
        "redis-tools",
    ]
    (only,) = setup.system_packages(LIST, ("test",))
    assert only == SystemPackage("redis-tools", "command:redis-check-rdb", "the server, under another name")


def test_shipped_package_list_is_well_formed() -> None:
    packages = setup.system_packages(setup.PACKAGES.read_text(), ("run", "desktop", "test", "proofs"))
    kinds = {"module", "command", "library", "file", "alsa", "font"}
    assert {package.provides.partition(":")[0] for package in packages} == kinds


def test_programs_that_tests_start_by_path_are_installed_for_them() -> None:
    tests = "".join(path.read_text("utf-8") for path in setup.ROOT.glob("tests/**/*.py"))
    packages = setup.system_packages(setup.PACKAGES.read_text(), ("test", "proofs"))
    started = set(re.findall(r'"(/usr/lib/\*/libexec/[^"]+)"', tests))
    assert started and started <= {package.provides.partition(":")[2] for package in packages}


@pytest.mark.parametrize(
    ("provides", "missing"),
    [
        ("module:json", False),
        ("module:no_such_module", True),
        ("command:sh", False),
        ("command:no-such", True),
        ("library:c", False),
        ("library:no-such", True),
        ("file:/etc/passw*", False),
        ("file:/etc/no-such-*", True),
        ("alsa:no-such.so", True),
        ("font:No-Such-Family", True),
    ],
)
def test_package_is_missing_when_its_content_is(provides: str, missing: bool) -> None:
    assert SystemPackage("name", provides, "reason").missing is missing


def test_missing_package_is_named_when_it_cannot_be_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "privilege", lambda: None)
    setup.install_system_packages([SystemPackage("some-tools", "command:no-such", "tests want it")])
    assert "sudo apt-get install -y --no-install-recommends --no-remove some-tools" in capsys.readouterr().err


def test_root_installs_missing_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in for apt-get on PATH installs the command, and records its calls."""
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\ncase "$*" in *install*) ln -s /bin/true {tmp_path}/tool; esac\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(setup, "privilege", list)
    package = SystemPackage("some-tools", "command:tool", "tests want it")
    setup.install_system_packages([package])
    setup.install_system_packages([package])
    assert not package.missing
    assert capsys.readouterr().err == "installing Debian packages: some-tools\n    update\n    some-tools\n"
    assert (tmp_path / "calls").read_text().splitlines() == [
        "-qq update",
        "-qq install -y --no-install-recommends --no-remove some-tools",
    ]


def test_cpu_build_of_torch_is_preferred() -> None:
    listed = "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0+cpu, 2.13.0, 2.12.1+cpu\n"
    assert setup.newest_cpu_build(listed) == "torch==2.13.0+cpu"
    assert setup.newest_cpu_build("torch (2.15.0)\nAvailable versions: 2.15.0, 2.14.1+cu130\n") is None


def test_cpu_build_that_does_not_load_is_replaced(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip accepts a build for a newer libc; only loading the module shows the problem."""
    installed: list[tuple[str | None, ...]] = []
    monkeypatch.setattr(setup, "cpu_torch", lambda _: "torch==2.13.0+cpu")
    monkeypatch.setattr(setup, "pip_install", lambda _, *more: installed.append(more))
    monkeypatch.setattr(setup, "loads", lambda _, module: module == "torch" and len(installed) > 1)
    setup.install(Environment(".venv", ("funasr",), ()))
    assert installed == [("torch==2.13.0+cpu",), ("torch!=2.13.0+cpu",)]


@pytest.mark.parametrize("terminal", [True, False])
def test_lines_of_pip_go_to_a_terminal_or_into_a_file(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], terminal: bool
) -> None:
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\necho Collecting; echo 'ERROR: no disk' >&2; exit 1\n")
    environment.python.chmod(0o755)
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    log = environment.path / "pip.log"
    with pytest.raises(setup.SetUpFailed, match="see above:" if terminal else f"see above and {log}:"):
        setup.pip_install(environment)
    shown = capfd.readouterr().err
    assert "ERROR: no disk" in shown and ("Collecting" in shown) is terminal
    assert terminal or log.read_text() == "Collecting\n"


@pytest.mark.parametrize(("module", "there"), [("json", True), ("no_such_module", False)])
def test_loadable_module_is_detected_by_importing_it(environment: Environment, module: str, there: bool) -> None:
    assert setup.loads(environment, module) is there


def test_pins_have_no_local_versions_and_omit_torch() -> None:
    versions = {"Some_Name": "1.2+cpu", "torch": "2.13.0", "nvidia-cublas": "13", "kikipounamu": "0.1", "abc": "2"}
    report = {"install": [{"metadata": {"name": name, "version": versions[name]}} for name in versions]}
    assert setup.pins(report) == ["abc==2", "some-name==1.2"]


def test_shipped_pins_are_plain() -> None:
    lines = [line for line in setup.CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    assert [line for line in lines if "+" in line or "@" in line or line.startswith("torch==")] == []


def test_redis_server_is_linked_from_redis_check_rdb(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "redis-check-rdb").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tools))
    setup.link_redis(environment)
    setup.link_redis(environment)
    assert (environment.path / "bin" / "redis-server").resolve() == Path("/bin/true").resolve()


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [
        (setup.SetUpFailed("no disk"), 1, "set-up failed: no disk\n"),
        (KeyboardInterrupt(), 130, "set-up was interrupted: repeat the command to complete it\n"),
    ],
)
def test_failure_and_interrupt_end_without_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    fault: BaseException,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(setup, "set_up", Mock(side_effect=fault))
    monkeypatch.setattr(sys, "argv", ["setup.py", "run"])
    assert (setup.main(), capfd.readouterr().err) == (status, says)


@pytest.mark.parametrize(("given", "status"), [(sys.executable, 0), ("false", 2)])
def test_make_refuses_a_python_that_is_too_old(given: str, status: int) -> None:
    """``false`` answers like a Python below 3.11."""
    command = ["make", "-n", "lint", f"PYTHON={given}"]
    made = subprocess.run(command, cwd=setup.ROOT, capture_output=True, text=True)
    assert made.returncode == status
    assert (f"{given} scripts/setup.py" in made.stdout) is (status == 0)
    assert ("Python 3.11 or newer is needed" in made.stderr) is (status == 2)


def test_failed_command_is_named() -> None:
    with pytest.raises(setup.SetUpFailed, match="false --now"):
        setup.call("false", "--now")
