"""Commands that ask how much a gateway bears, against the real chain in small."""

import json
from pathlib import Path

import pytest

from tests.helpers.chain import Chain
from tests.loadtest.program import run, start

COMMANDS = {
    "idle": ("--silent", "5", "--lorises", "2", "--seconds", "2", "--ramp", "0", "--speakers", "1"),
    "long": ("--hours", "0.005", "--pace", "0.1", "--cuts", "1"),
    "burst": ("--count", "4", "--seconds", "4", "--ramp", "0"),
    "soak": ("--minutes", "0.1", "--count", "2", "--warm", "0", "--growth", "1000"),
}


def test_commands_keep_promises_and_write_reports(tmp_path: Path, chain: Chain) -> None:
    home, wide = chain.root / "home", ("--most-percent", "100", "--most-kb", "100000")
    running = {
        name: start(home, name, *brief, *(wide if name == "idle" else ()), "--report", str(tmp_path / name))
        for name, brief in COMMANDS.items()
    }
    said = {name: process.communicate(timeout=100)[0] for name, process in running.items()}
    for name, process in running.items():
        printed = json.loads(said[name])
        assert process.returncode == 0, printed["promises"]
        assert all(promise["kept"] is not False for promise in printed["promises"])
        report = json.loads((tmp_path / name / "report.json").read_text())
        assert report["complete"] and report["passed"] and report["scenario"] == name
        assert "Every promise was kept" in (tmp_path / name / "report.html").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_command_reports_a_missing_gateway(name: str, tmp_path: Path) -> None:
    done = run(tmp_path, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert "kikipounamu up" in done.stderr
