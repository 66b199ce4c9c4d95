"""All loggers of the programs are those of ``runtime.loggers``, and each is used."""

import re
from pathlib import Path
from typing import Final

import pytest

from runtime import loggers

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")
NAMES: Final = {name: logger.name for name, logger in vars(loggers).items() if name.isupper()}
USED: Final = re.compile(r"^\w+ = loggers\.(\w+)$", re.MULTILINE)
MADE: Final = re.compile(r"\b(?:Logger|getLogger)\(([^()]+)\)")


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Return the texts of all modules of the programs."""
    files = [path for program in PROGRAMS for path in (ROOT / program).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in files}


def test_constant_spells_its_name() -> None:
    assert {name: value for name, value in NAMES.items() if name != value.replace(".", "_").upper()} == {}


def test_every_logger_is_used(sources: dict[str, str]) -> None:
    assert {name for text in sources.values() for name in USED.findall(text)} == NAMES.keys()


def test_no_module_makes_its_own_logger(sources: dict[str, str]) -> None:
    allowed = {"name", '"mcp"'}  # in runtime: any name; a library's
    texts = (text for place, text in sources.items() if place != "runtime/loggers.py")
    assert {argument for text in texts for argument in MADE.findall(text)} == allowed
