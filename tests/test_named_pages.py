"""Messages themselves say what to do, because no installation has the pages of docs."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from speech.models.catalogue import load_catalogue

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")
PAGE = re.compile(r"\bdocs/|\bpackaging/|\w\.md\b")
IN_SOURCE = ("docs", "packaging", ".md")
"""Parts of a source that names a page."""


def messages(source: Path) -> Iterator[str]:
    """Yield the texts of a module that may name a page, without what only its readers see."""
    written = source.read_text()
    if not any(part in written for part in IN_SOURCE):  # to parse all modules takes seconds
        return
    tree = ast.parse(written)
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


def texts(entry: Any) -> Iterator[str]:
    """Yield the texts of a table and of the tables in it."""
    if isinstance(entry, str):
        yield entry
    for value in entry.values() if isinstance(entry, dict) else ():
        yield from texts(value)


@pytest.mark.parametrize("program", PROGRAMS)
def test_messages_name_no_page(program: str) -> None:
    sources = sorted((ROOT / program).rglob("*.py"))
    assert sources
    found = [(str(source), text) for source in sources for text in messages(source) if PAGE.search(text)]
    assert not found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_of_windows_name_no_page(language: str) -> None:
    table = tomllib.loads((ROOT / "app" / "ui" / "strings" / "texts" / f"{language}.toml").read_text())
    said = list(texts(table))
    assert len(said) > 1000
    assert not [text for text in said if PAGE.search(text)]


def test_help_names_no_page() -> None:
    assert not PAGE.search((ROOT / "tests" / "data" / "pins" / "help.txt").read_text())


def test_models_name_only_pages_of_the_web() -> None:
    links = {errors.link for model in load_catalogue().models for errors in model.errors}
    assert len(links) > 1 and all(link.startswith("https://") for link in links if link)
