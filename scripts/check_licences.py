"""Check that each component has an allowed licence with its text, and that no native library is unnamed."""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any, Final

from app.diagnostics.report.licences import dependencies, licences, native_libraries, text_of
from app.diagnostics.report.view import ComponentKind, Licence

RULES: Final = Path(__file__).resolve().parent.parent / "packaging" / "licences.toml"
_OWN_NOTICES: Final = frozenset({"pyside6-essentials", "shiboken6"})
"""Packages whose many libraries are one component in our list."""


def parts(licence: str, aliases: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield the alternatives of each licence that applies."""
    plain = aliases.get(licence, licence).replace("(", "").replace(")", "").replace(", ", " AND ")
    for part in plain.split(" AND "):
        yield tuple(aliases.get(choice.strip(), choice.strip()) for choice in part.split(" OR "))


def refused(found: Iterable[Licence], rules: Mapping[str, Any]) -> Iterator[str]:
    """Yield the components whose licence is not allowed."""
    allowed = {name for names in rules["allowed"].values() for name in names}
    for one in found:
        if one.name in rules["exceptions"]:
            continue
        if one.kind is ComponentKind.MODEL:
            fine = one.licence in rules["models"]["allowed"]
        else:
            fine = all(allowed & set(choices) for choices in parts(one.licence, rules["aliases"]))
        if not fine:
            yield f"{one.name}: {one.licence!r} is not allowed: list it in {RULES.name}, or drop it"


def unnamed(files: Iterable[PurePath], known: Iterable[str]) -> Iterator[str]:
    """Yield native libraries that ``native_libraries.toml`` does not name, except Python's extension modules."""
    beginnings = tuple(known)
    for file in files:
        library = ".so" in file.name and not file.name.endswith(("-linux-gnu.so", ".abi3.so"))
        if library and not file.name.startswith(beginnings):
            yield f"{file}: name it in native_libraries.toml, with its licence"


def carried() -> tuple[str, ...]:
    """Return the installed dependencies, except those that only the extra ``funasr`` needs."""
    return dependencies(without=frozenset({"funasr", "torch", "onnx"}))


def problems() -> Iterator[str]:
    """Yield every refused licence, missing licence text and unnamed library."""
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    found = licences()
    yield from refused(found, rules)
    yield from (
        f"{one.name} has no licence text: add one to licence_texts" for one in found if not text_of(one.name)
    )
    known = [beginning for one in native_libraries() for beginning in one.files]
    for name in sorted(set(carried()) - _OWN_NOTICES):
        yield from unnamed(map(PurePath, metadata.distribution(name).files or ()), known)


def main() -> int:
    """Print the problems, and return the exit status."""
    found = list(problems())
    for problem in found:
        print(problem)
    print(f"licences: {len(licences())} components, {len(found)} problems")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
