"""Search for engines by name or path."""

import sys
from importlib.util import find_spec

import pytest

from loadtest.core import checksum
from protocol.engine import ENTRY_POINT_GROUP, EngineSettings, EngineUnavailable
from tests.helpers import fault_engines
from tests.pins.programs import entry_points
from worker.core.errors import UnknownEngine
from worker.engines.registry import (
    OURS,
    check_engine,
    create_engine,
    find_engine,
    has_libraries,
    installed_engines,
)


def test_engine_is_found_by_entry_point() -> None:
    assert {"whisper", "funasr", "sensevoice-onnx", "paraformer-onnx", "checksum"} <= set(installed_engines())
    assert find_engine("checksum") is checksum.create


def test_our_engines_are_our_entry_points() -> None:
    assert {(ENTRY_POINT_GROUP, name): path for name, path in OURS.items()}.items() <= entry_points().items()
    assert sum(group == ENTRY_POINT_GROUP for group, _ in entry_points()) == len(OURS)


def test_engine_is_found_by_explicit_path() -> None:
    assert find_engine(fault_engines.ENGINE) is fault_engines.create


def test_unknown_engine_error_lists_installed_engines() -> None:
    with pytest.raises(
        UnknownEngine,
        match=r"'whispr': choose one of checksum, funasr, paraformer-onnx, .*sensev.*kikipounamu\[.*,whisper\]",
    ):
        check_engine("whispr")
    with pytest.raises(UnknownEngine):
        find_engine("whispr")


@pytest.mark.parametrize("name", [":", "a:", ":b", "a:b:c", "a..b:c", ".a:b", "a b:c", "1a:b"])
def test_malformed_path_is_no_engine(name: str) -> None:
    with pytest.raises(UnknownEngine, match=r"as package\.module:function"):
        check_engine(name)


@pytest.mark.parametrize(
    "path", ["tests.helpers.fault_engines:nothing", "tests.helpers.fault_engines:not_a_function"]
)
def test_engine_path_without_function_is_refused(path: str) -> None:
    with pytest.raises(UnknownEngine, match="no engine"):
        find_engine(path)


@pytest.mark.parametrize(
    "path", ["json:loads", "builtins:repr", "json:JSONDecoder", "tests.helpers.fault_engines:pcm"]
)
def test_function_that_creates_no_engine_is_refused_with_what_an_engine_is(path: str) -> None:
    with pytest.raises(
        UnknownEngine, match="creates no engine.*: an engine is a function that takes EngineSettings"
    ):
        create_engine(EngineSettings(path))


def test_engine_that_fails_to_load_is_not_called_something_else() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        create_engine(EngineSettings(fault_engines.ENGINE, extra={"slots": "many"}))


def test_missing_engine_module_is_reported() -> None:
    with pytest.raises(EngineUnavailable, match="cannot be imported: No module named 'nowhere'"):
        find_engine("nowhere:create")


@pytest.mark.parametrize("name", ["whisper", "funasr", "sensevoice-onnx"])
def test_find_engine_imports_no_library(name: str) -> None:
    before = set(sys.modules)
    find_engine(name)
    assert not {"faster_whisper", "ctranslate2", "funasr", "torch"} & (set(sys.modules) - before)


def test_has_libraries_imports_no_library() -> None:
    before = set(sys.modules)
    assert has_libraries("whisper") and has_libraries("checksum")
    assert has_libraries("funasr") is all(find_spec(name) for name in ("funasr", "torch"))
    assert not {"faster_whisper", "funasr", "torch"} & (set(sys.modules) - before)
