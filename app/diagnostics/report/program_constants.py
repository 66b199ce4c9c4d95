"""Texts and names in this program's own code, read from its compiled form without running it. Blocks."""

import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.machinery import PathFinder
from inspect import CO_OPTIMIZED
from types import CodeType
from typing import Any, Final

from app.diagnostics.report.redaction import Constants
from runtime import loggers

PACKAGES: Final = ("app", "backend", "client", "loadtest", "protocol", "runtime", "speech", "worker")

_LOGGERS: Final = {name: logger.name for name, logger in vars(loggers).items() if name.isupper()}
_HAS_DOCSTRING: Final = 0x4000000  # inspect.CO_HAS_DOCSTRING of Python 3.14


@cache
def own_modules() -> Mapping[str, Constants]:
    """Return the constants of all modules by name.

    Modules without code are left out; reports then keep less of a log.
    """
    found: dict[str, Constants] = {}
    for package in PACKAGES:
        spec = PathFinder.find_spec(package, sys.path)
        if spec is not None:
            found |= {package: _constants(_code(spec))}
            found |= dict(_inside(list(spec.submodule_search_locations or ()), f"{package}."))
    return found


def _inside(folders: Sequence[str], prefix: str) -> Iterator[tuple[str, Constants]]:
    for info in pkgutil.iter_modules(folders):
        spec: Any = PathFinder.find_spec(info.name, folders)
        if spec is not None:
            yield prefix + info.name, _constants(_code(spec))
            yield from _inside(list(spec.submodule_search_locations or ()), f"{prefix}{info.name}.")


def _code(spec: Any) -> CodeType | None:
    try:
        code: CodeType | None = spec.loader.get_code(spec.name)
    except (AttributeError, ImportError, OSError, SyntaxError):
        return None
    return code


def _texts_of(code: CodeType) -> list[object]:
    """Return the constants without the docstring: a log never has that, and its phrases are anybody's.

    CPython puts the docstring of a function first; those of a class and of a module are stored as ``__doc__``.
    """
    constants: list[object] = list(code.co_consts)
    if code.co_flags & CO_OPTIMIZED:
        documented = sys.version_info < (3, 14) or code.co_flags & _HAS_DOCSTRING
        place = 0 if documented and not code.co_name.startswith("<") else None
    else:
        texts = [place for place, constant in enumerate(constants) if isinstance(constant, str)]
        named = code.co_name != "<module>"  # the first text of a class is its name
        place = texts[named] if "__doc__" in code.co_names and len(texts) > named else None
    if place is not None and isinstance(constants[place], str):
        del constants[place]
    return constants


def _constants(code: CodeType | None) -> Constants:
    texts: set[str] = set()
    names: set[str] = set()
    waiting: list[object] = [code]
    while waiting:
        match waiting.pop():
            case str(text):
                texts.add(text)
            case tuple() | frozenset() as several:
                waiting += several
                names |= {text for text in several if isinstance(text, str)}
            case CodeType() as inner:
                waiting += _texts_of(inner)
                names |= {*inner.co_names, inner.co_name}
    own = {_LOGGERS[name] for name in names & _LOGGERS.keys() if "loggers" in names}
    return Constants(frozenset(texts), frozenset(names), frozenset(own))
