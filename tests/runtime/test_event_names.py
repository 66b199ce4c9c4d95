"""Log lines have the names of ``runtime.event_names``: every call uses one, and every name is in use."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from runtime.event_names import EVENT_NAMES, LogEvent

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")
LOGS: Final = re.compile(r"LogEvent|\blog\b|\bsegment_log\b")
LEVELS: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """Module that may log: its event constants, loggers and calls of loggers."""

    place: str
    constants: frozenset[str]
    loggers: frozenset[str]
    calls: int
    wrong_calls: tuple[str, ...]


@cache
def sources() -> tuple[Source, ...]:
    """Return every module of the programs that may log."""
    return tuple(
        source_of(path.relative_to(ROOT).as_posix(), ast.parse(text))
        for program in PROGRAMS
        for path in sorted((ROOT / program).rglob("*.py"))
        if LOGS.search(text := path.read_text())  # parsing all of them takes a second
    )


def source_of(place: str, tree: ast.Module) -> Source:
    """Return the log calls of a module."""
    loggers, written = frozenset(logger_variables(tree)), frozenset(constants(tree))
    return Source(place, written, loggers, sum(1 for _ in calls(tree)), tuple(wrong_calls(tree)))


def writers() -> list[Source]:
    """Return the modules that have a logger; others only read logs."""
    return [source for source in sources() if source.loggers]


def constants(tree: ast.AST) -> set[str]:
    """Return the members of ``LogEvent`` that a module names."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "LogEvent"
    }


def is_event(value: ast.expr, function: Function) -> bool:
    """Return whether ``value`` can only be a member of ``LogEvent``."""
    match value:
        case ast.Attribute(value=ast.Name(id="LogEvent")):
            return True
        case ast.IfExp(body=one, orelse=other):
            return is_event(one, function) and is_event(other, function)
        case ast.Name(id=name):
            typed = any(
                one.arg == name and one.annotation is not None and ast.unparse(one.annotation) == "LogEvent"
                for one in function.args.args
            )
            assigned = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets)
            ]
            return (typed or bool(assigned)) and all(is_event(one, function) for one in assigned)
    return False


def wrong_calls(tree: ast.AST) -> Iterator[str]:
    """Yield each call of a logger whose event is no constant, as it is written."""
    for function in ast.walk(tree):
        if not isinstance(function, Function):
            continue
        for call in ast.walk(function):
            match call:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "segment_log"), attr=how), args=given):
                    if how not in LEVELS or len(given) != 1 or not is_event(given[0], function):
                        yield ast.unparse(call)


def calls(tree: ast.AST) -> Iterator[str]:
    """Yield each call of a logger."""
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "segment_log"))):
                yield ast.unparse(call)


def logger_variables(tree: ast.AST) -> Iterator[str]:
    """Yield the variables that hold loggers."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=ast.Attribute(value=ast.Name(id="loggers"))):
                yield from map(ast.unparse, targets)


def table_rows() -> list[str]:
    """Return the rows of the table in docs/operations/logs.md: each subject with its packages and events."""
    packages = defaultdict[str, set[str]](set)
    for source in writers():
        for name in source.constants:
            packages[LogEvent[name].partition(".")[0]].add(source.place.partition("/")[0])
    rows = defaultdict[str, list[str]](list)
    for event in sorted(EVENT_NAMES):
        subject, _, rest = event.partition(".")
        rows[subject].append(f"`{rest}`")
    return [
        f"| `{subject}` | {', '.join(sorted(packages[subject]))} | {', '.join(rows[subject])} |"
        for subject in rows
    ]


def test_event_names_are_dotted_and_spelled_by_their_constants() -> None:
    assert [event for event in LogEvent if not re.fullmatch(r"[a-z]+(\.[a-z_]+)+", event)] == []
    assert [event for event in LogEvent if event.name != event.replace(".", "_").upper()] == []


def test_event_names_are_plain_strings_and_unique() -> None:
    assert {*map(type, EVENT_NAMES)} == {str}
    assert len(EVENT_NAMES) == len(LogEvent.__members__)


def test_every_log_call_uses_a_constant() -> None:
    assert [(source.place, source.wrong_calls) for source in sources() if source.wrong_calls] == []
    assert sum(source.calls for source in sources()) > 100, "the search finds calls"


def test_every_logger_variable_has_a_name_whose_calls_are_checked() -> None:
    assert {name for source in sources() for name in source.loggers} == {"log", "segment_log"}


def test_every_constant_is_written_by_a_program() -> None:
    assert {name for source in writers() for name in source.constants} == set(LogEvent.__members__)


def test_logs_page_lists_every_event() -> None:
    page = (ROOT / "docs" / "operations" / "logs.md").read_text()
    head = "| subject | written by | events |\n|---|---|---|\n"
    assert page.partition(head)[2].partition("\n\n")[0].splitlines() == table_rows()


@pytest.mark.parametrize(
    "statement",
    [
        "log.info('segment.cut')",
        "log.warning(f'child {name}')",
        "log.error(name)",
        "log.info(LogEvent.SEGMENT_CUT, name)",
        "log.info(LogEvent.SEGMENT_CUT if name else 'no')",
        "log.shout(LogEvent.SEGMENT_CUT)",
        "log.info()",
    ],
)
def test_call_without_constant_is_found(statement: str) -> None:
    assert len([*wrong_calls(ast.parse(f"def work(name: str) -> None:\n    {statement}"))]) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "log.info(LogEvent.SEGMENT_CUT, segment=name)",
        "log.info(LogEvent.SEGMENT_CUT if name else LogEvent.SEGMENT_ENDED)",
        "log.info(event)",
        "chosen = LogEvent.SEGMENT_CUT; log.info(chosen)",
    ],
)
def test_call_with_constant_is_accepted(statement: str) -> None:
    assert not [*wrong_calls(ast.parse(f"def work(name: str, event: LogEvent) -> None:\n    {statement}"))]
