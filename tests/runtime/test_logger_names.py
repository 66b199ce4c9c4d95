"""Logger names come from ``runtime.logger_names``, wherever their modules are."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from runtime import logger_names

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")
NAMES: Final = {name: value for name, value in vars(logger_names).items() if name.isupper()}


def loggers_made(source: str) -> Iterator[str]:
    """Yield the source text of each argument that creates a named logger."""
    if "ogger(" not in source:  # most have none, and need not be parsed
        return
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if ast.unparse(call.func).rpartition(".")[2] in {"get_logger", "getLogger"} and call.args:
            yield ast.unparse(call.args[0])


@pytest.fixture(scope="module")
def made() -> set[str]:
    """Return the arguments of all such calls in the programs."""
    files = (path for program in PROGRAMS for path in (ROOT / program).rglob("*.py"))
    return {argument for path in files for argument in loggers_made(path.read_text())}


def test_constant_spells_its_value() -> None:
    assert {name: value for name, value in NAMES.items() if name != value.replace(".", "_").upper()} == {}


def test_every_logger_is_named_by_a_constant(made: set[str]) -> None:
    of_others = {"name", "record.name", "'mcp'"}  # in runtime/logs.py: loggers named elsewhere; a library's
    assert made - of_others == {f"logger_names.{name}" for name in NAMES}


@pytest.mark.parametrize("argument", ["__name__", "'app.desk'", "logger_names.APP_DESK"])
def test_logger_of_a_module_is_found(argument: str) -> None:
    assert [*loggers_made(f"log = get_logger({argument})")] == [argument]
    assert [*loggers_made(f"log = getLogger({argument})\nroot = logging.getLogger()")] == [argument]
