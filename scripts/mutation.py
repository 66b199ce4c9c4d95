"""Make small changes to sources that a test should notice. Pure; standard library only.

A Python source is read as a syntax tree, a Lua script line by line. Each mutant changes one place.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, order=True)
class Change:
    """A replacement of ``source[begin:end]`` in a file. ``line`` counts from 1."""

    begin: int
    end: int
    new: str
    line: int

    def apply(self, source: str) -> str:
        """Return the mutated source."""
        return source[: self.begin] + self.new + source[self.end :]

    def apply_within(self, text: str, begin: int) -> str:
        """Return a mutated part of the source, which starts at ``begin``."""
        return text[: self.begin - begin] + self.new + text[self.end - begin :]

    def describe(self, source: str) -> str:
        """Return the change as text: old code, then new code."""
        old = " ".join(source[self.begin : self.end].split())
        return f"{old or 'nothing'} -> {' '.join(self.new.split()) or 'nothing'}"


_COMPARE: Final[dict[type[ast.cmpop], tuple[str, ...]]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
_ARITHMETIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "+",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "+",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
_CALLS: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "popleft": "pop", "appendleft": "append"}


class PythonMutants:
    """Every mutant of a Python source, in order of position."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._lines = source.splitlines()

    def changes(self) -> list[Change]:
        """Return the mutants that still compile and change the syntax tree."""
        found: set[Change] = set()
        for part in _parts(ast.parse(self._source)):
            begin = self._starts[min([part.lineno, *_decorator_lines(part)]) - 1]
            text = self._source[begin : self._end(part)]
            before = _shape(text)
            changes = {change for node in _code(ast.Module([part], [])) for change in self._of(node)}
            found.update(one for one in changes if _shape(one.apply_within(text, begin)) not in ("", before))
        return sorted(found)

    def _of(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for left, word, right in zip(operands, node.ops, operands[1:], strict=False):
                    yield from (self._between(left, right, new) for new in _COMPARE[type(word)])
            case ast.BoolOp():
                yield from self._operands(node)
            case ast.BinOp() if type(node.op) in _ARITHMETIC:
                yield self._between(node.left, node.right, _ARITHMETIC[type(node.op)])
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                yield self._replace(node, self._text(node.operand))
            case ast.IfExp():
                yield from (self._replace(node, f"({self._text(one)})") for one in (node.body, node.orelse))
            case ast.If(test=test) | ast.While(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield self._replace(test, f"not ({self._text(test)})")
            case ast.stmt():
                yield from self._statement(node)
            case ast.Constant() | ast.Call():
                yield from self._constant(node) if isinstance(node, ast.Constant) else self._call(node)

    def _operands(self, node: ast.BoolOp) -> Iterator[Change]:
        new = "or" if isinstance(node.op, ast.And) else "and"
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield self._between(left, right, new)
        for dropped in node.values:
            kept = [f"({self._text(one)})" for one in node.values if one is not dropped]
            word = " and " if isinstance(node.op, ast.And) else " or "
            yield self._replace(node, f"({word.join(kept)})")

    def _constant(self, node: ast.Constant) -> Iterator[Change]:
        if isinstance(node.value, bool):
            yield self._replace(node, str(not node.value))
        elif isinstance(node.value, int | float):
            yield self._replace(node, repr(node.value + 1))

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = node.func
        word = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
        if word in _CALLS:
            end = self._end(name)
            yield Change(end - len(word), end, _CALLS[word], name.end_lineno or name.lineno)
        if word in ("min", "max") and len(node.args) > 1:
            for argument in node.args:
                yield self._replace(node, f"({self._text(argument)})")
        if word == "sorted" and len(node.args) == 1:
            yield self._replace(node, f"list({self._text(node.args[0])})")

    def _statement(self, node: ast.stmt) -> Iterator[Change]:
        """Omit a statement where the rest still makes sense."""
        match node:
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign() | ast.Break() | ast.Continue():
                yield self._replace(node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
                yield self._replace(node, "pass")
            case ast.Return(value=None):
                yield self._replace(node, "pass")

    # -- positions -----------------------------------------------------------------------------------------

    def _offset(self, line: int, column: int) -> int:
        """Return the index of a position; the tree counts columns in UTF-8."""
        text = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(text)

    def _begin(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _text(self, node: ast.expr) -> str:
        return self._source[self._begin(node) : self._end(node)]

    def _replace(self, node: ast.expr | ast.stmt, new: str) -> Change:
        return Change(self._begin(node), self._end(node), new, node.lineno)

    def _between(self, left: ast.expr, right: ast.expr, new: str) -> Change:
        """Replace the operator between two operands, but not the brackets around them."""
        begin, end = self._end(left), self._begin(right)
        gap = self._source[begin:end]
        before, after = re.match(r"[\s)]*", gap), re.search(r"[\s(]*$", gap)
        assert before and after
        line = left.end_lineno or left.lineno
        return Change(begin + before.end(), begin + max(after.start(), before.end()), new, line)


def _parts(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield functions and other statements of module and classes; parsing each alone is fast."""
    for statement in tree.body:
        yield from statement.body if isinstance(statement, ast.ClassDef) else [statement]


def _decorator_lines(node: ast.stmt) -> list[int]:
    return [one.lineno for one in getattr(node, "decorator_list", ())]


def _shape(text: str) -> str:
    """Return the syntax tree of a part as text; empty if it does not compile."""
    try:
        return ast.dump(ast.parse(f"if 1:\n{text}" if text.startswith(" ") else text))
    except SyntaxError:
        return ""


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield every node with behaviour: skip raised errors, assertions, annotations and formatted strings."""
    for child in ast.iter_child_nodes(tree):
        yield child
        match child:
            case ast.Raise() | ast.JoinedStr() | ast.Assert() | ast.keyword(arg="strict"):
                continue
            case ast.AnnAssign():
                if child.value is not None:
                    yield child.value
                    yield from _code(child.value)
            case ast.arg():
                continue
            case _:
                yield from _code(child)


# -- Lua ---------------------------------------------------------------------------------------------------

_LUA: Final = (
    (re.compile(r"=="), ("~=",)),
    (re.compile(r"~="), ("==",)),
    (re.compile(r"<="), ("<", ">")),
    (re.compile(r">="), (">", "<")),
    (re.compile(r"<(?!=)"), ("<=", ">=")),
    (re.compile(r">(?!=)"), (">=", "<=")),
    (re.compile(r"\band\b"), ("or",)),
    (re.compile(r"\bor\b"), ("and",)),
    (re.compile(r"\bnot\s+"), ("",)),
    (re.compile(r"\btrue\b"), ("false",)),
    (re.compile(r"\bfalse\b"), ("true",)),
    (re.compile(r"(?<=[\w)\]] )\+(?= )"), ("-",)),
    (re.compile(r"(?<=[\w)\]] )-(?= )"), ("+",)),
    (re.compile(r"\bmath\.min\b"), ("math.max",)),
    (re.compile(r"\bmath\.max\b"), ("math.min",)),
)
_LUA_NUMBER: Final = re.compile(r"(?<![\w.\[])\d+(?![\w.\]])")
_LUA_CONDITION: Final = re.compile(r"\b(?:else)?if (.+?) then\b")
_LUA_COMPARISON: Final = re.compile(
    r"not [^=<>]*|(?:(?!\band\b|\bor\b|[=~<>]=|[<>]).)*(?:[=~<>]=|[<>])(?:(?!\band\b|\bor\b).)*"
)
_LUA_STATEMENT: Final = re.compile(r"^\s*(?!local\b)(?:redis\.call\(.*\)|[\w.\[\]# +]+ = [^{]+|return\b.*)$")


def lua_changes(source: str) -> list[Change]:
    """Return every mutant of a Lua script, in order of position."""
    found: set[Change] = set()
    begin = 0
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        found.update(_of_lua_line(line, begin, number))
        begin += len(line)
    return sorted(found)


def _of_lua_line(line: str, begin: int, number: int) -> Iterator[Change]:
    code = _blank_strings(line)
    for pattern, news in _LUA:
        for found in pattern.finditer(code):
            yield from (Change(begin + found.start(), begin + found.end(), new, number) for new in news)
    for found in _LUA_NUMBER.finditer(code):
        yield Change(begin + found.start(), begin + found.end(), str(int(found.group()) + 1), number)
    for found in _LUA_CONDITION.finditer(code):
        first, last = found.span(1)
        if not _LUA_COMPARISON.fullmatch(found.group(1)):  # the other operators already negate a comparison
            yield Change(begin + first, begin + last, f"not ({line[first:last]})", number)
    bare = code.rstrip()
    if _LUA_STATEMENT.match(bare) and bare.count("(") == bare.count(")") and not bare.endswith((",", "=", "{")):
        first = len(bare) - len(bare.lstrip())
        yield Change(begin + first, begin + len(bare), "", number)


def _blank_strings(line: str) -> str:
    """Blank out strings and the comment of a line, keeping its length."""
    without = re.sub(r"'[^']*'|\"[^\"]*\"", lambda found: f"'{' ' * (len(found.group()) - 2)}'", line)
    code, dashes, comment = without.partition("--")
    return code + " " * len(dashes + comment)


def changes_of(name: str, source: str) -> list[Change]:
    """Return every mutant of a file; the file name decides the language."""
    return lua_changes(source) if name.endswith(".lua") else PythonMutants(source).changes()
