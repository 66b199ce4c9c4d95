"""Order of versions is that of PEP 440."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from app.updates.index import is_newer, order_of

ORDERED = ["0.1.0.dev0", "0.1.0a1", "0.1.0b2", "0.1.0rc1", "0.1.0", "0.1.1.dev1", "0.1.1", "0.2", "0.10.0", "1"]
numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
stages = st.sampled_from(["", "a1", "b1", "rc1", "rc2"])
developed = st.sampled_from(["", ".dev0", ".dev3"])
versions = st.builds("".join, st.tuples(numbers, stages, developed))


@pytest.mark.parametrize(("older", "newer"), list(pairwise(ORDERED)))
def test_order_puts_each_version_before_the_next(older: str, newer: str) -> None:
    before, after = order_of(older), order_of(newer)
    assert before is not None and after is not None and before < after


@given(versions, versions)
def test_order_agrees_with_pep_440(one: str, other: str) -> None:
    first, second = order_of(one), order_of(other)
    assert first is not None and second is not None
    assert (first < second) == (Version(one) < Version(other))
    assert (first == second) == (Version(one) == Version(other))


@pytest.mark.parametrize("text", ["", "latest", "1.2.3.4.5", "v1.0", "1.0-beta", "1.0 ", "9" * 400, "١.٠"])
def test_order_is_none_for_other_forms(text: str) -> None:
    assert order_of(text) is None and not is_newer(text, "0.1.0")


@pytest.mark.parametrize(
    ("version", "installed", "offered"),
    [
        ("0.2.0", "0.1.0", True),
        ("0.1.0", "0.1.0", False),
        ("0.0.9", "0.1.0", False),
        ("0.2.0rc1", "0.1.0", False),
        ("0.2.0rc2", "0.2.0rc1", True),
        ("0.1.0", "0.1.0.dev0", True),
        ("0.2.0", "0+unknown", True),
        ("nonsense", "0.1.0", False),
        ("0.2.0", "nonsense", False),
    ],
)
def test_newer_versions_are_offered_but_previews_only_to_previews(
    version: str, installed: str, offered: bool
) -> None:
    assert is_newer(version, installed) is offered
