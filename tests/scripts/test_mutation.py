"""Test the changes that mutants make to sources."""

import ast

import pytest

from scripts.mutation import changes_of, lua_changes


def python(source: str) -> list[str]:
    return [change.apply(source) for change in changes_of("a.py", source)]


def lua(source: str) -> list[str]:
    return [change.apply(source) for change in lua_changes(source)]


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b", ["a <= b", "a >= b"]),
        ("a <= b < c", ["a < b < c", "a > b < c", "a <= b <= c", "a <= b >= c"]),
        ("a in b", ["a not in b"]),
        ("(a) + (b)", ["(a) - (b)"]),
        ("a and b", ["((b))", "((a))", "a or b"]),
        ("not a", ["a"]),
        ("x = max(a, b)", ["x = (a)", "x = (b)", "x = min(a, b)"]),
        ("x = sorted(a)", ["x = list(a)"]),
        ("a if b else c", ["(a)", "(c)"]),
        ("f(1)", ["pass", "f(2)"]),
        ("a.b = True", ["pass", "a.b = False"]),
        ("a.b += c", ["pass"]),
        ("if a:\n    f = b", ["if not (a):\n    f = b"]),
        ("x = '“é' == b", ["x = '“é' != b"]),
    ],
)
def test_python_mutants_are_every_small_change(source: str, mutants: list[str]) -> None:
    assert sorted(python(source)) == sorted(mutants)


@pytest.mark.parametrize(
    "source",
    [
        "raise ValueError(f(1) < 2)",
        "x: Literal[1] = y",
        "'1 < 2'",
        "x = f'{a:>1}'",
        "# a < b",
        "a = b",
        "x = zip(a, b, strict=True)",
    ],  # fmt: skip
)
def test_texts_and_annotations_are_left_alone(source: str) -> None:
    assert python(source) == []


def test_python_mutants_compile_and_name_their_place() -> None:
    source = "def f(a, b=1):\n    return (a\n        < b)\n"
    found = changes_of("a.py", source)
    assert {change.line for change in found} == {1, 2}
    assert [ast.parse(change.apply(source)) for change in found]
    assert "< -> <=" in [change.describe(source) for change in found]


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("if a == b then", ["if a ~= b then"]),
        ("if a then", ["if not (a) then"]),
        ("if a and b then", ["if a or b then", "if not (a and b) then"]),
        ("  redis.call('DEL', key)", ["  "]),
        ("x = y + 10", ["", "x = y - 10", "x = y + 11"]),
        ("local x = KEYS[1]", []),
        ("-- if a == b then", []),
        ("local s = 'a == 1'", []),
        ("return math.max(0, x)", ["", "return math.min(0, x)", "return math.max(1, x)"]),
        ("if not a then", ["if a then"]),
    ],
)
def test_lua_mutants_are_every_small_change(source: str, mutants: list[str]) -> None:
    assert sorted(lua(source)) == sorted(mutants)
