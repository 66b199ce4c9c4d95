"""Check the shape of the project, as CONTRIBUTING states it. Each rule is a function that is also shown to fail.

Lengths count every line: a function's from ``def`` to its last line, docstring and comments included.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "backend", "client", "loadtest", "protocol", "runtime", "scripts", "speech", "worker")
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 40
MOST_MODULES = 25
MOST_AT_A_ROOT = {"app": 8, "backend": 6}

# Written so that this file does not match its own patterns.
PLACES = re.compile(r"(?<![\w.])/(work|root|opt/wheels|etc/xdg)/|(pypi|pythonhosted|debian|npmjs)[.](org|com)")
SUPPRESSION = re.compile(r"#\s*(type:\s*ignore|noqa)\b")
FUNCTION = re.compile(r"^\s*(async )?def ", re.MULTILINE)
REASONED = re.compile(r"#\s*(type: ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*)\s*[-#:]\s*\w.*")


@cache
def project_files() -> list[PurePosixPath]:
    """Return all files that are or would be committed, relative to the root; outside git, all but caches."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        listed = [str(path) for path in found if not any(_is_made(part) for part in path.parts)]
    return [PurePosixPath(name) for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def _is_made(part: str) -> bool:
    caches = part.startswith((".venv", ".mypy", ".ruff", ".pytest", ".hypothesis", ".import_linter"))
    return caches or part in {".git", ".cache", "__pycache__", "build", "dist"} or part.endswith(".egg-info")


@cache
def python_files() -> list[PurePosixPath]:
    """Return all files with Python."""
    return [path for path in project_files() if path.suffix == ".py"]


@cache
def functions(source: str) -> dict[str, int]:
    """Return the lines of each function. Only statements can contain one, which saves most of the search."""
    found, rest = dict[str, int](), list[ast.AST](ast.parse(source).body)
    while rest:
        node = rest.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = max(found.get(node.name, 0), (node.end_lineno or node.lineno) - node.lineno + 1)
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            rest.extend(getattr(node, part, ()))
    return found


# -- rules: each returns its violations --------------------------------------------------------------------


def long_functions(source: str) -> list[str]:
    """Return the functions above the length limit."""
    lengths = functions(source).items()
    return [f"{name}: {length} lines" for name, length in lengths if length > MOST_FUNCTION_LINES]


def unexplained_suppressions(source: str) -> list[str]:
    """Return comments that silence a tool without naming the rule and a reason."""
    if not SUPPRESSION.search(source):  # as in most files
        return []
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = (token for token in tokens if token.type == tokenize.COMMENT)
    return [
        f"line {comment.start[0]}: {comment.string}"
        for comment in comments
        if SUPPRESSION.search(comment.string) and not REASONED.search(comment.string)
    ]


def decides(source: str) -> bool:
    """Return whether a module has functions to test; plain data and exceptions have none."""
    return bool(FUNCTION.search(source))  # to parse all modules takes seconds


def untested(modules: Iterable[PurePosixPath], tests: Iterable[PurePosixPath]) -> list[str]:
    """Return modules without a test module at the mirrored path.

    ``test_vad_parity.py`` also tests ``vad.py``, and ``test_init.py`` tests the ``__init__.py`` of its package.
    """
    tested = _by_folder(test.with_suffix("") for test in tests)
    mirrors = [(module, _mirror(module)) for module in modules]
    return [
        str(module)
        for module, mirror in mirrors
        if not any(_matches(name, mirror.name) for name in tested[mirror.parent])
    ]


def orphaned(tests: Iterable[PurePosixPath], modules: Iterable[PurePosixPath]) -> list[str]:
    """Return test modules that mirror no module (or Lua script) of their package."""
    mirrors = _by_folder(map(_mirror, modules))
    return [str(test) for test in tests if not any(_matches(test.stem, name) for name in mirrors[test.parent])]


def _by_folder(paths: Iterable[PurePosixPath]) -> dict[PurePosixPath, list[str]]:
    found = defaultdict[PurePosixPath, list[str]](list)
    for path in paths:
        found[path.parent].append(path.name)
    return found


def _mirror(module: PurePosixPath) -> PurePosixPath:
    return "tests" / module.with_name(f"test_{module.stem.strip('_')}")


def _matches(test: str, mirror: str) -> bool:
    return test == mirror or test.startswith(f"{mirror}_")


def crowded_folders(modules: Iterable[PurePosixPath]) -> dict[str, int]:
    """Return the folders of sources with too many modules, and their number; ``__init__.py`` does not count."""
    counted = Counter(str(module.parent) for module in modules if module.name != "__init__.py")
    return {folder: n for folder, n in counted.items() if n > MOST_AT_A_ROOT.get(folder, MOST_MODULES)}


def foreign_places(text: str) -> list[str]:
    """Return paths of a specific machine and hosts of package registries."""
    return [match.group() for match in PLACES.finditer(text)]


def of_packages(paths: Sequence[PurePosixPath], suffixes: tuple[str, ...]) -> list[PurePosixPath]:
    """Return the files of our packages among ``paths``."""
    return [path for path in paths if path.parts[0] in PACKAGES and path.suffix in suffixes]


def must_mirror(paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """Return the test modules that must mirror a module: those in a package's folder under ``tests``."""
    return [path for path in paths if path.match("tests/*/**/test_*.py") or path.match("tests/*/test_*.py")]


# -- the project obeys them --------------------------------------------------------------------------------


def test_no_file_is_too_long() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in python_files()}
    assert {path: length for path, length in lengths.items() if length > MOST_FILE_LINES} == {}


@pytest.mark.parametrize("rule", [long_functions, unexplained_suppressions])
def test_every_file_keeps(rule: Callable[[str], list[str]]) -> None:
    broken = {str(path): rule((ROOT / path).read_text()) for path in python_files()}
    assert {path: found for path, found in broken.items() if found} == {}


def test_no_folder_is_crowded() -> None:
    assert crowded_folders(of_packages(python_files(), (".py",))) == {}


def test_every_module_with_functions_is_tested() -> None:
    modules = [path for path in of_packages(python_files(), (".py",)) if decides((ROOT / path).read_text())]
    assert untested(modules, python_files()) == []


def test_every_test_module_mirrors_a_module() -> None:
    tests = [path for path in must_mirror(python_files()) if path.parts[1] in PACKAGES]
    assert orphaned(tests, of_packages(project_files(), (".py", ".lua"))) == []


def test_no_path_or_host_of_one_machine_is_named() -> None:
    texts = [path for path in project_files() if path.suffix not in {".flac", ".wav", ".png", ".onnx", ".gz"}]
    named = {str(path): foreign_places((ROOT / path).read_text(errors="replace")) for path in texts}
    assert {path: found for path, found in named.items() if found} == {}


def test_packaging_is_not_a_package() -> None:
    """A package would shadow the library of that name."""
    assert [path for path in project_files() if path.match("packaging/**/__init__.py")] == []
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_every_typed_package_has_a_marker() -> None:
    typed = [name for name in PACKAGES if name != "scripts"]
    assert [name for name in typed if not (ROOT / name / "py.typed").exists()] == []


# -- each rule can fail ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "broken"), [(MOST_FUNCTION_LINES - 1, False), (MOST_FUNCTION_LINES, True)])
def test_long_function_is_found(lines: int, broken: bool) -> None:
    source = "class A:\n    async def f(self):\n" + "        pass\n" * lines
    assert bool(long_functions(source)) is broken


@pytest.mark.parametrize(
    ("comment", "broken"),
    [
        ("# type: ignore", True),
        ("# type: ignore[arg-type]", True),
        ("# type: ignore[arg-type]  # the stub is wrong", False),
        ("# noqa", True),
        ("# noqa: BLE001", True),
        ("# noqa: BLE001 - logged with its traceback", False),
        ("# why", False),
    ],
)
def test_suppression_needs_rule_and_reason(comment: str, broken: bool) -> None:
    assert bool(unexplained_suppressions(f"x = 1  {comment}\n")) is broken


@pytest.mark.parametrize(("folder", "most"), [("app", 8), ("backend", 6), ("app/ui/files", 25), ("worker", 25)])
def test_crowded_folder_is_found(folder: str, most: int) -> None:
    modules = [PurePosixPath(folder, f"{name}.py") for name in ("__init__", *range(most))]
    assert crowded_folders(modules) == {}
    assert crowded_folders([*modules, PurePosixPath(folder, "more.py")]) == {folder: most + 1}


def test_suppression_inside_a_string_is_ignored() -> None:
    assert unexplained_suppressions('x = "# noqa"\n') == []


def test_missing_mirror_is_found() -> None:
    module, other = PurePosixPath("speech/models/vad.py"), PurePosixPath("speech/vads.py")
    test, parity = (
        PurePosixPath("tests/speech/models/test_vad.py"),
        PurePosixPath("tests/speech/test_vads_parity.py"),
    )
    assert untested([module, other], [test, parity]) == []
    assert untested([module, other], [test]) == ["speech/vads.py"]
    assert orphaned([test, parity], [module, other]) == []
    assert orphaned([test, parity], [module]) == ["tests/speech/test_vads_parity.py"]
    assert untested([PurePosixPath("worker/__init__.py")], [PurePosixPath("tests/worker/test_init.py")]) == []


def test_modules_of_plain_data_need_no_test() -> None:
    assert not decides("class A(Exception):\n    code = 1\n")
    assert decides("class A:\n    def f(self): ...\n")


@pytest.mark.parametrize("text", ["see /wo" + "rk/main", "https://py" + "pi.org/simple", "'/ro" + "ot/x'"])
def test_foreign_place_is_found(text: str) -> None:
    assert foreign_places(text)


def test_folder_limit_covers_sources_and_exempts_tests() -> None:
    sources = of_packages([PurePosixPath("speech/vad.py"), PurePosixPath("tests/speech/test_vad.py")], (".py",))
    assert sources == [PurePosixPath("speech/vad.py")]


def test_project_has_files() -> None:
    assert PurePosixPath("pyproject.toml") in project_files()
    assert len(of_packages(python_files(), (".py",))) > 20
