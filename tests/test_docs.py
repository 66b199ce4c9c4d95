"""Check that the documents name only what exists: files, links, tests, functions, packages."""

import ast
import re
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("protocol", "runtime", "speech", "client", "app", "backend", "worker", "loadtest", "benchmarks")
TOP = (*PROGRAMS, "docs", "packaging", "scripts", "tests")
MOST_WORDS = 14
QUESTIONS = 30
MOST_BYTES = 20_000
SPLIT = ("operations.md", "reliability.md", "performance.md")
"""Pages that only lead to those of a folder of their name; links to their earlier sections still work."""

PAGES = sorted(path.relative_to(ROOT) for path in chain(ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md")))
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which names files of earlier versions

NAMED = re.compile(rf"(?<![\w./-])(?:{'|'.join(TOP)})/[\w./*-]*[\w*/]")
SOURCE = re.compile(r"`((?:\w+/)*\w+\.(?:py|lua))`")
TEST_FILE = re.compile(r"(?<![\w/])test_\w+\.py")
SELECTED = re.compile(r"((?:[\w/]*test_\w+\.py ?)+) -k (?:\"([^\"]+)\"|(\w+))")
TEST_NAME = re.compile(r"`(test_\w+)(…?)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
FUNCTION = re.compile(r"`([\w/]+\.py)`(?: · | \| )`([A-Za-z_][\w.]*)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
ROW = re.compile(r"^\| `([\w/]+)/` \| (.+?) \|$", re.MULTILINE)


def missing_paths(text: str) -> list[str]:
    """Return the named paths of the project that do not exist; ``*`` matches any name."""
    missing = [name for name in NAMED.findall(text) if not any(ROOT.glob(name.rstrip("/")))]
    sources = (name for name in SOURCE.findall(text) if not name.startswith(TOP))
    return missing + [name for name in sources if not any(f"/{path}".endswith(f"/{name}") for path in _sources())]


@cache
def _sources() -> tuple[str, ...]:
    """Return the paths of all Python and Lua files, from the project's root on."""
    found = chain.from_iterable((ROOT / top).rglob(kind) for top in TOP for kind in ("*.py", "*.lua"))
    return tuple(path.relative_to(ROOT).as_posix() for path in found)


def missing_tests(text: str) -> list[str]:
    """Return the named test files and test functions that do not exist; ``…`` abbreviates a name."""
    there = {path.name for path in _test_files()}
    files = [name for name in TEST_FILE.findall(text) if name not in there]
    names = TEST_NAME.findall(text)
    return files + [name for name, short in names if not _known(name, short=bool(short))]


def empty_selections(text: str) -> list[str]:
    """Return the words after ``-k`` that no test of the named files has in its name or parameters."""
    return [
        f"{files} -k {word}"
        for files, words, one in SELECTED.findall(text)
        for word in re.findall(r"\w+", words or one)
        if word not in {"and", "or", "not"} and word.lower() not in _selectable(files.split())
    ]


def _selectable(files: list[str]) -> str:
    """Return names of tests, classes and parameters, and other strings, of the test files."""
    return "".join(_strings_in(Path(file).name) for file in files)


@cache
def _strings_in(file: str) -> str:
    named = re.compile(r"def test_\w+|class Test\w+|\"[^\"\n]*\"")
    found = (path for path in _test_files() if path.name == file)
    return "".join(chain.from_iterable(named.findall(path.read_text()) for path in found)).lower()


@cache
def _test_files() -> tuple[Path, ...]:
    return tuple((ROOT / "tests").rglob("test_*.py"))


def broken_links(page: Path, text: str) -> list[str]:
    """Return the relative links of ``page`` whose file or heading does not exist."""
    return [f"{file}#{anchor}" for file, anchor in LINK.findall(text) if not _leads(page, file, anchor)]


def missing_functions(text: str) -> list[str]:
    """Return the functions and classes that a document names beside a file that does not define them."""
    named = FUNCTION.findall(text)
    return [f"{file}: {name}" for file, name in named if name not in _definitions((ROOT / file).read_text())]


def _known(name: str, *, short: bool) -> bool:
    return any(known.startswith(name) if short else known == name for known in _test_names())


@cache
def _test_names() -> frozenset[str]:
    sources = (path.read_text() for path in _test_files())
    files = (path.stem for path in _test_files())
    return frozenset(chain(files, chain.from_iterable(re.findall(r"def (test_\w+)", text) for text in sources)))


def _leads(page: Path, file: str, anchor: str) -> bool:
    target = (ROOT / page).parent / file if file else ROOT / page
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target.read_text())


def _anchors(text: str) -> set[str]:
    """Return the places of a page that links can name: its headings, and those stated in HTML."""
    return {*map(_slug, HEADING.findall(text)), *ANCHOR.findall(text)}


def _slug(heading: str) -> str:
    """Return the anchor of a heading, by GitHub's rule."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _definitions(source: str) -> set[str]:
    """Return the functions and classes of a module, and ``Class.method`` for methods."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, kinds):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, kinds)}
    return found


def _packages() -> set[str]:
    """Return the programs, their packages, and no deeper ones."""
    inner = (path.parent for program in PROGRAMS for path in (ROOT / program).glob("*/__init__.py"))
    return set(PROGRAMS) | {str(folder.relative_to(ROOT)) for folder in inner}


# -- the documents obey them -------------------------------------------------------------------------------


def test_documents_name_only_paths_tests_and_functions_that_exist() -> None:
    missing = {}
    for page in CURRENT:
        text = (ROOT / page).read_text()
        missing[str(page)] = missing_paths(text) + missing_tests(text) + missing_functions(text)
        missing[str(page)] += empty_selections(text)
    assert {page: found for page, found in missing.items() if found} == {}


def test_document_links_lead_somewhere() -> None:
    broken = {str(page): broken_links(page, (ROOT / page).read_text()) for page in PAGES}
    assert {page: found for page, found in broken.items() if found} == {}


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/architecture.zh.md"])
def test_architecture_has_one_row_for_each_package(page: str) -> None:
    rows = [name for name, _ in ROW.findall((ROOT / page).read_text()) if name in _packages()]
    assert sorted(rows) == sorted(_packages())


def test_architecture_describes_each_package_briefly() -> None:
    rows = ROW.findall((ROOT / "docs/architecture.md").read_text())
    assert rows
    assert {name: does for name, does in rows if len(does.split()) > MOST_WORDS} == {}


@pytest.mark.parametrize(
    ("page", "where"), [("architecture.md", "## Where is"), ("architecture.zh.md", "## 代码在哪里")]
)
def test_architecture_answers_thirty_questions_of_where(page: str, where: str) -> None:
    _, _, table = (ROOT / "docs" / page).read_text().partition(where)
    rows = [line for line in table.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows) >= QUESTIONS


def test_every_decision_is_in_their_list_in_order() -> None:
    links = (file for file, _ in LINK.findall((ROOT / "docs/decisions/README.md").read_text()))
    listed = [file for file in links if file.startswith("0")]
    assert listed == sorted({path.name for path in (ROOT / "docs/decisions").glob("0*.md")})


@pytest.mark.parametrize("index", SPLIT)
def test_index_leads_to_every_section_of_its_pages(index: str) -> None:
    anchors = _anchors((ROOT / "docs" / index).read_text())
    pages = sorted((ROOT / "docs" / index).with_suffix("").glob("*.md"))
    assert pages
    assert {path.name: _sections(path) - anchors for path in pages if _sections(path) - anchors} == {}


@pytest.mark.parametrize("index", ["guide.md", "guide.zh.md"])
def test_guide_leads_to_all_its_pages(index: str) -> None:
    linked = {file for file, _ in LINK.findall((ROOT / "docs" / index).read_text())}
    pages = {f"guide/{path.name}" for path in (ROOT / "docs/guide").glob("*.md")}
    assert {page for page in pages if page.endswith(".zh.md") is index.endswith(".zh.md")} <= linked


@pytest.mark.parametrize("index", [*SPLIT, "guide.md", "fidelity.md"])
def test_pages_of_an_index_are_short(index: str) -> None:
    pages = (ROOT / "docs" / index).with_suffix("").glob("*.md")
    assert {path.name: size for path in pages if (size := path.stat().st_size) > MOST_BYTES} == {}


def _sections(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, except its title."""
    return set(map(_slug, HEADING.findall(page.read_text())[1:]))


def test_first_change_shows_functions_that_exist() -> None:
    shown = re.findall(r"^    def (\w+)\(", (ROOT / "docs/first-change.md").read_text(), re.MULTILINE)
    assert shown
    assert set(shown) <= _definitions((ROOT / "protocol/texts.py").read_text())


# -- the rules can fail ------------------------------------------------------------------------------------


def test_rules_accept_what_exists() -> None:
    text = "`tests/test_docs.py` · `missing_paths`, `test_docs.py -k rules`, `test_rules_acc…`, `/app/nothing`"
    assert missing_paths(text) + missing_tests(text) + missing_functions(text) + empty_selections(text) == []
    assert broken_links(Path("README.md"), "[a](docs/architecture.md#where-is-) [b](https://example.org/x)") == []


def test_rules_report_what_does_not_exist() -> None:
    assert missing_paths("`app/desk.py` and app/nowhere/*.py") == ["app/desk.py", "app/nowhere/*.py"]
    assert missing_paths("`core/keys.py`, `keys.py`, `core/desk.py`, `eys.py`") == ["core/desk.py", "eys.py"]
    assert missing_tests("`test_nothing.py`, `test_no_such`, `test_no_such…`") == [
        "test_nothing.py",
        "test_no_such",
        "test_no_such",
    ]
    assert empty_selections('`test_layout.py -k "rule or absent"`') == ["test_layout.py -k absent"]
    assert missing_functions("`tests/test_docs.py` · `_gone`") == ["tests/test_docs.py: _gone"]
    assert broken_links(Path("docs/x.md"), "[a](gone.md) [b](guide.md#gone)") == ["gone.md#", "guide.md#gone"]
