"""Move modules to the places of ``module_moves.txt``.

Files, their tests, imports and the paths that texts name change together.
Run it at the root of a clean checkout: ``python -m scripts.move_modules``. A second run changes nothing. The
script
changes names and places only.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

MOVES = Path(__file__).with_name("module_moves.txt")
TEXTS = {".py", ".md", ".toml", ".sh", ".yml", ".yaml", ".ini", ".cfg", ".lua"}
KEPT = {
    "scripts/module_moves.txt",
    "scripts/move_modules.py",
    "tests/scripts/test_move_modules.py",
    "CHANGELOG.md",
}

Edit = tuple[int, int, str]
"""Start and end of a piece of a source, and what replaces it."""


class Table:
    """The lines of ``module_moves.txt``: modules, files that are not modules, texts to replace, new packages."""

    def __init__(self, moves: Path) -> None:
        self.modules: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.texts: list[tuple[str, str, str]] = []
        self.packages: dict[str, str] = {}
        for line in moves.read_text().splitlines():
            kind, _, rest = line.partition(" ")
            match kind:
                case "module":
                    old, new = rest.split()
                    self.modules[old] = new
                case "file":
                    old, new = rest.split()
                    self.files[old] = new
                case "text":
                    file, old, new = rest.split(" | ")
                    self.texts.append((file, old, new.replace("\\n", "\n")))
                case "package":
                    name, _, said = rest.partition(" ")
                    self.packages[name] = said


def git(*arguments: str) -> list[str]:
    """Return the lines that a git command prints."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


def path_of(module: str) -> str:
    """Return the file of a module."""
    return module.replace(".", "/") + ".py"


def mirrored_tests(modules: dict[str, str], files: list[str]) -> dict[str, str]:
    """Return the new places of tests: ``test_X_suffix.py`` follows the module of the longest name."""
    mirrors: dict[str, dict[str, str]] = defaultdict(dict)
    for name in files:
        if name.endswith(".py") and not name.startswith("tests/") and not name.endswith("__init__.py"):
            module = name[:-3].replace("/", ".")
            folder, _, leaf = module.rpartition(".")
            mirrors[f"tests/{folder.replace('.', '/')}"][leaf] = modules.get(module, module)
    moves: dict[str, str] = {}
    for name in files:
        folder, _, leaf = name.rpartition("/")
        if not (leaf.startswith("test_") and leaf.endswith(".py")) or folder not in mirrors:
            continue
        stem = leaf[5:-3]
        fitting = [own for own in mirrors[folder] if stem == own or stem.startswith(own + "_")]
        if fitting:
            own = max(fitting, key=len)
            target = mirrors[folder][own]
            parent, _, new = target.rpartition(".")
            place = f"tests/{parent.replace('.', '/')}/test_{new}{stem[len(own) :]}.py"
            if place != name:
                moves[name] = place
    return moves


def bound_names(tree: ast.AST) -> set[str]:
    """Return the names that a module binds by anything but an import."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def imported_names(tree: ast.AST) -> set[str]:
    """Return the names that a module binds by imports."""
    return {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }


class Imports:
    """The imports of one source, with moved modules at their new names."""

    def __init__(self, source: str, moved: dict[str, str], modules: set[str]) -> None:
        self.source = source
        self.moved = moved
        self.modules = modules
        self.tree = ast.parse(source)
        self._taken = bound_names(self.tree) | imported_names(self.tree)
        self.renamed: dict[str, str] = {}  # names of modules as this source uses them
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line.encode()))
        self._starts = starts

    def rewritten(self) -> str:
        """Return the source with its imports and the uses of renamed modules rewritten."""
        edits = [edit for node in ast.walk(self.tree) for edit in self._of(node)]
        if self.renamed:
            edits += self._uses()
        raw = self.source.encode()
        for start, end, text in sorted(edits, reverse=True):
            raw = raw[:start] + text.encode() + raw[end:]
        return raw.decode()

    def _span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def _of(self, node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            lines = self._from(node, node.module)
            if lines is not None:
                yield (*self._span(node), ("\n" + " " * node.col_offset).join(lines))
        elif isinstance(node, ast.Import) and any(name.name in self.moved for name in node.names):
            raise SystemExit(f"'import a.b' of a moved module: {ast.unparse(node)}")

    def _from(self, node: ast.ImportFrom, module: str) -> list[str] | None:
        groups: dict[str, list[str]] = defaultdict(list)
        changed = False
        for name in node.names:
            whole = f"{module}.{name.name}"
            alias = f" as {name.asname}" if name.asname else ""
            if whole in self.modules:
                target = self.moved.get(whole, whole)
                package, _, leaf = target.rpartition(".")
                if leaf != name.name and not name.asname:
                    taken = leaf in self._taken and self.renamed.get(name.name) != leaf
                    if taken or name.name in bound_names(self.tree):
                        alias = f" as {name.name}"
                    else:
                        self.renamed[name.name] = leaf
                        self._taken.add(leaf)
                groups[package].append(leaf + ("" if alias == f" as {leaf}" else alias))
                changed |= target != whole
            else:
                target = self.moved.get(module, module)
                groups[target].append(name.name + alias)
                changed |= target != module
        return (
            [f"from {package} import {', '.join(names)}" for package, names in groups.items()] if changed else None
        )

    def _uses(self) -> Iterator[Edit]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name) and node.id in self.renamed:
                yield (*self._span(node), self.renamed[node.id])


def replace_paths(text: str, paths: dict[str, str], pattern: re.Pattern[str]) -> str:
    """Return a text with the paths of moved files at their new places."""
    return pattern.sub(lambda found: paths[found.group(1)], text)


def dotted(text: str, moved: dict[str, str]) -> str:
    """Return a text with the names of moved modules in backticks or in import contracts renamed."""
    names = "|".join(re.escape(name) for name in sorted(moved, key=len, reverse=True)) or "(?!)"
    return re.sub(rf"(?<=`)({names})(?=[`.])", lambda found: moved[found.group(1)], text)


def in_strings(source: str, moved: dict[str, str]) -> str:
    """Return a source with the modules renamed that its string literals import: tests run such programs."""
    if not moved:
        return source
    names = "|".join(re.escape(name) for name in sorted(moved, key=len, reverse=True))
    whole = re.compile(rf"(?<![\w.])({names})(?![\w])")
    parts = re.compile(r"(?:(?<=\\n)|\b)from ([a-z.]+) import ([a-z_]+)\b(?! as)")

    def part(found: re.Match[str]) -> str:
        package, name = found.groups()
        folder, _, leaf = moved.get(f"{package}.{name}", "").rpartition(".")
        alias = "" if leaf == name else f" as {name}"
        return f"from {folder} import {leaf}{alias}" if leaf else found.group()

    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(source).readline))):
        if token.type == tokenize.STRING and re.search(r"\bimport\b", token.string):
            start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
            if any(f"from {package} import" in token.string for package in ("app", "backend")):
                new = parts.sub(part, token.string)
            else:
                new = whole.sub(lambda found: moved[found.group(1)], token.string)
            source = source[:start] + new + source[end:]
    return source


def deeper(text: str, old: str, new: str) -> str:
    """Return a source whose ``Path(__file__).parents[n]`` still means the same folder from the new place."""
    by = new.count("/") - old.count("/")
    return re.sub(
        r"(__file__\)(?:\.resolve\(\))?\.parents\[)(\d+)\]", lambda m: f"{m.group(1)}{int(m.group(2)) + by}]", text
    )


def make_packages(table: Table, places: set[str]) -> None:
    """Make the new packages, each with its docstring, and the packages of tests that mirror them."""
    for place in sorted(places):
        for parent in Path(place).parents:
            if (
                place.endswith(".py")
                and str(parent) not in {".", "tests"}
                and not (parent / "__init__.py").exists()
            ):
                name = str(parent).replace("/", ".")
                parent.mkdir(parents=True, exist_ok=True)
                said = table.packages.get(name, "")
                if not said and not name.startswith("tests."):
                    raise SystemExit(f"no docstring for the package {name}")
                (parent / "__init__.py").write_text(f'"""{said}"""\n' if said else "")
                git("add", str(parent / "__init__.py"))


def main(listed: Path = MOVES) -> None:
    """Move every listed module that is still at its old place."""
    table = Table(listed)
    files = git("ls-files")
    moved = {old: new for old, new in table.modules.items() if path_of(old) in files}
    moves = {path_of(old): path_of(new) for old, new in moved.items()}
    moves |= mirrored_tests(moved, files)
    for old, new in table.files.items():
        moves |= {name: new + name[len(old) :] for name in files if name == old or name.startswith(old + "/")}
    modules = {name[:-3].replace("/", ".") for name in files if name.endswith(".py")}
    names = {
        old[:-3].replace("/", "."): new[:-3].replace("/", ".") for old, new in moves.items() if old.endswith(".py")
    }
    make_packages(table, set(moves.values()))
    # A module can give its place to a package of its name: first everything goes out of the way.
    for number, old in enumerate(moves):
        Path("moving").mkdir(exist_ok=True)
        git("mv", old, f"moving/{number}")
    for number, new in enumerate(moves.values()):
        Path(new).parent.mkdir(parents=True, exist_ok=True)
        git("mv", f"moving/{number}", new)
    paths = moves | {old.removesuffix(".py"): new.removesuffix(".py") for old, new in moves.items()}
    rewrite(table, moves, names, modules, paths)
    remove_empty_packages()


def rewrite(
    table: Table, moves: dict[str, str], names: dict[str, str], modules: set[str], paths: dict[str, str]
) -> None:
    """Rewrite imports and paths in every text of the project."""
    before = {new: old for old, new in moves.items()}
    alternatives = "|".join(re.escape(name) for name in sorted(moves, key=len, reverse=True) if "/" in name)
    pattern = re.compile(rf"(?<![\w/.])({alternatives})(?![\w/])") if alternatives else re.compile(r"(?!)()")
    for name in git("ls-files"):
        path = Path(name)
        if path.suffix not in TEXTS and path.name != "Makefile" or name in KEPT or not path.is_file():
            continue
        text = source = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            text = Imports(in_strings(text, names), names, modules).rewritten()
            if name in before:
                text = deeper(text, before[name], name)
        text = replace_paths(text, paths, pattern)
        text = dotted(text, names)
        for file, old, new in table.texts:
            if file == name or file == "*":
                text = text.replace(old, new)
        if text != source:
            path.write_text(text, encoding="utf-8")
    python = [name for name in git("ls-files", "*.py") if Path(name).is_file()]
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--select", "I", "--fix", *python], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", *python], check=True)
    wrap_long_lines()
    git("add", "-A")
    if Path("moving").exists():
        Path("moving").rmdir()


def prose(source: str) -> set[int]:
    """Return the numbers of the lines that belong to comments and docstrings."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            found.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found | {number for number, line in enumerate(source.split("\n"), 1) if line.lstrip().startswith("#")}


def wrap_long_lines() -> None:
    """Break lines of docstrings and comments that longer names made too long."""
    check = [sys.executable, "-m", "ruff", "check", "--select", "E501", "--output-format", "concise", "."]
    said = subprocess.run(check, capture_output=True, text=True, check=False).stdout
    found = [line.split(":")[:2] for line in said.splitlines() if ": E501" in line]
    for name, number in reversed(found):
        source = Path(name).read_text(encoding="utf-8")
        lines = source.split("\n")
        if int(number) not in prose(source):
            continue
        line = lines[int(number) - 1]
        cut = line.rfind(" ", 0, 115)
        indent = line[: len(line) - len(line.lstrip())]
        first, rest = line[:cut], line[cut + 1 :]
        if line.lstrip().startswith("#"):
            new = [first, f"{indent}# {rest}"]
        elif line.lstrip().startswith('"""') and line.endswith('"""'):
            new = [first, indent + rest[:-3], indent + '"""']
        else:
            new = [first, indent + rest]
        lines[int(number) - 1 : int(number)] = new
        Path(name).write_text("\n".join(lines), encoding="utf-8")


def remove_empty_packages() -> None:
    """Remove packages in which only ``__init__.py`` is left."""
    folders = sorted({str(Path(name).parent) for name in git("ls-files")}, key=len, reverse=True)
    for folder in folders:
        inside = git("ls-files", folder)
        if inside == [f"{folder}/__init__.py"] and len(Path(folder, "__init__.py").read_text().splitlines()) < 3:
            git("rm", "-q", "-f", f"{folder}/__init__.py")


if __name__ == "__main__":
    main()
