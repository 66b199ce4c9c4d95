"""Under CI a skip fails the run, unless the machine lacks a GPU, an operating system or root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.skips import SKIPS_REFUSED, refused_skips

ROOT = Path(__file__).resolve().parents[2]


def run_pytest(folder: Path, body: str, ci: bool, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with the plugin."""
    (folder / "test_it.py").write_text(f"import pytest\n\ndef test_passes(): pass\n\n{body}")
    plugins = ("-p", "xdist.plugin", "-p", "tests.helpers.skips", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *plugins, *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "PYTEST_ADDOPTS") if name in os.environ}
    light = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environ = kept | light | {"CI": "true" if ci else "false"}
    return subprocess.run(
        [*command, str(folder)], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


SKIPPED = "@pytest.mark.skip(reason='{}')\ndef test_skipped(): pass\n"
XFAILED = "@pytest.mark.xfail\ndef test_expected_to_fail(): assert False\n"


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
@pytest.mark.parametrize("body", [SKIPPED.format("no model"), XFAILED])
def test_skip_fails_under_ci(tmp_path: Path, body: str, arguments: tuple[str, ...]) -> None:
    ended = run_pytest(tmp_path, body, True, *arguments)
    assert ended.returncode == SKIPS_REFUSED
    assert "skips that CI does not accept" in ended.stdout


def test_skip_has_another_exit_status_than_failure(tmp_path: Path) -> None:
    failing = "def test_fails(): assert False\n"
    assert run_pytest(tmp_path, failing, True).returncode == 1
    assert run_pytest(tmp_path, failing + SKIPPED.format("no model"), True).returncode == SKIPS_REFUSED


def test_skip_passes_outside_ci(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, SKIPPED.format("no model"), False).returncode == 0


def test_accepted_skip_passes_under_ci(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, SKIPPED.format("needs a GPU"), True).returncode == 0


def test_skip_of_whole_module_is_refused(tmp_path: Path) -> None:
    ended = run_pytest(tmp_path, "pytest.importorskip('no_such_module')\n", True)
    assert ended.returncode == SKIPS_REFUSED


@pytest.mark.parametrize("reason", ["needs a GPU", "Skipped: needs root to mount", "needs Windows", "needs macOS"])
def test_skip_for_missing_hardware_or_root_is_accepted(reason: str) -> None:
    assert refused_skips([reason]) == []


@pytest.mark.parametrize("reason", ["flaky", "needs rooted things", "GPU", "needs a model", ""])
def test_skip_for_other_reason_is_refused(reason: str) -> None:
    assert refused_skips([reason]) == [reason]
