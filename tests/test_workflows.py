"""Workflows for public CI, whose systems are not here: what they name exists. `make lint` checks their syntax."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OURS = re.compile(r"(?<![\w./-])((?:packaging|tests|scripts)/[\w./-]+\w|constraints\.txt)")
MODULE = re.compile(r"-m (scripts(?:\.\w+)+)")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_files_and_modules_of_workflow_exist(workflow: Path) -> None:
    text = workflow.read_text()
    named = {*OURS.findall(text), *(f"{module.replace('.', '/')}.py" for module in MODULE.findall(text))}
    assert len(named) > 3
    assert {name for name in named if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_of_workflow_end(workflow: Path) -> None:
    jobs = re.split(r"\n  (?=\w+:\n)", workflow.read_text().partition("\njobs:")[2])[1:]
    assert jobs and all("timeout-minutes:" in job for job in jobs)


def test_definitions_name_files_that_the_build_makes() -> None:
    installer = (ROOT / "packaging" / "windows" / "kikipounamu.iss").read_text()
    spec = (ROOT / "packaging" / "frozen" / "kikipounamu.spec").read_text()
    for name in ("kikipounamu.ico", "kikipounamu.icns"):
        assert f"dist/{name}" in spec
    assert r"dist\kikipounamu.ico" in installer and r"dist\kikipounamu\*" in installer
