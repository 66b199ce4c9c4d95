"""Redaction of log lines for reports: numbers and texts of the program's own code stay.

Logs contain neither speech nor keys, but a report does not rely on that. Only those pieces of a text stay that
are constants of our own code. Nothing that a user said, typed or chose can remain, wherever a line has it.
Removed text becomes ``…``.

These constants are read from the compiled code without running it.
"""

import builtins
import json
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from inspect import CO_OPTIMIZED
from types import CodeType
from typing import Any, Final

from app.diagnostics.report.log_lines import LEVELS, as_object
from runtime import loggers
from runtime.event_names import EVENT_NAMES

LEFT_OUT: Final = "…"

PROGRAMS: Final = frozenset({"desktop", "gateway", "worker", "kikipounamu", "stack", "loadtest"})
_FIELDS: Final = frozenset({"timestamp", "level", "event", "program", "logger", "exception", "session", "segment"})
_SHORTEST: Final = 12
_LONGEST: Final = 4_000
_LONGEST_TRACEBACK: Final = 32_000
_DEEPEST: Final = 4
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_JOB: Final = re.compile(r"\d{1,15}-\d{1,15}")
_FRAME: Final = re.compile(r'\s*File "([^"\n]{1,400})", line (\d{1,6}), in (\S{1,80})')
_NAME: Final = re.compile(r"[\w<>.-]{1,80}", re.ASCII)
_ERROR: Final = re.compile(r"([A-Za-z_][\w.]{1,80})(:.*)?", re.ASCII)


@dataclass(frozen=True)
class Constants:
    """Constants of a module: its texts, the names that it uses, and its loggers."""

    texts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    loggers: frozenset[str] = frozenset()


class Redaction:
    """Redaction of lines and texts.

    ``modules``: the constants of all our modules by name.
    """

    def __init__(self, modules: Mapping[str, Constants]) -> None:
        self._own: dict[str, frozenset[str]] = {}
        for module in modules.values():
            for logger in module.loggers:
                self._own[logger] = module.texts | self._own.get(logger, frozenset())
        self._packages = frozenset(name.partition(".")[0] for name in modules)
        texts = {text for module in modules.values() for text in module.texts if _is_phrase(text)}
        self._phrases = sorted(texts, key=len, reverse=True)
        self._names = _FIELDS.union(*(module.names for module in modules.values()))
        self._pieces: Callable[[str], str] = lru_cache(maxsize=4096)(self._pieces_of)
        self._known: Mapping[str, Callable[[str], bool]] = {
            "timestamp": lambda value: bool(_TIMESTAMP.fullmatch(value)),
            "level": LEVELS.__contains__,
            "program": PROGRAMS.__contains__,
            "event": EVENT_NAMES.__contains__,
            "of": EVENT_NAMES.__contains__,
            "job": lambda value: bool(_JOB.fullmatch(value)),
        }

    def line(self, raw: str) -> str | None:
        """Return a line without foreign texts; ``None`` if it is unreadable and therefore dropped."""
        fields = as_object(raw)
        if fields is None:
            return None
        own = self._own.get(str(fields.get("logger", "")), frozenset())
        kept = {name: self._field(name, value, own) for name, value in fields.items() if name in self._names}
        if left_out := len(fields) - len(kept):
            kept[LEFT_OUT] = left_out
        return json.dumps(kept, ensure_ascii=False)

    def text(self, text: str, own: frozenset[str] = frozenset()) -> str:
        """Return the pieces of a text that are ours; all of it if it is in ``own``."""
        return text if text in own or not text or _UUID.fullmatch(text) else self._pieces(text[:_LONGEST])

    def traceback(self, text: str) -> str:
        """Return the errors and places of a traceback, without foreign messages and without source lines."""
        kept: list[str] = []
        for line in text[-_LONGEST_TRACEBACK:].splitlines():
            if found := _FRAME.fullmatch(line):
                name = found[3] if _NAME.fullmatch(found[3]) else LEFT_OUT
                kept.append(f"  {self._end_of_path(found[1])}:{found[2]} {name}")
            elif (found := _ERROR.fullmatch(line)) and self._is_error(found[1]):
                kept.append(f"{found[1]}: {self.text(found[2][1:].strip())}" if found[2] else found[1])
        return "\n".join(kept)

    def _field(self, name: str, value: Any, own: frozenset[str], depth: int = 0) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case str() if name == "exception":
                return self.traceback(value)
            case str() if name == "logger":
                return self._logger(value)
            case str():
                known = self._known.get(name)
                return value if known and known(value) else self.text(value, own)
            case list() if depth < _DEEPEST:
                return [self._field("", part, own, depth + 1) for part in value]
            case dict() if depth < _DEEPEST:
                inner = {key: part for key, part in value.items() if key in self._names}
                return {key: self._field("", part, own, depth + 1) for key, part in inner.items()}
        return LEFT_OUT

    def _logger(self, name: str) -> str:
        package = name.partition(".")[0]
        if name in self._own:
            return name
        return package if package in sys.stdlib_module_names | {"aiohttp", "redis", "py"} else LEFT_OUT

    def _is_error(self, name: str) -> bool:
        last = name.rpartition(".")[2]
        found = getattr(builtins, last, None)
        return last in self._names or (isinstance(found, type) and issubclass(found, BaseException))

    def _end_of_path(self, path: str) -> str:
        """Return the end of a source file's path, which does not reveal the user."""
        parts = path.replace("\\", "/").split("/")
        starts = [number for number, part in enumerate(parts) if part in self._packages]
        starts += [number + 1 for number, part in enumerate(parts) if part == "site-packages"]
        kept = parts[min(starts) if starts else -1 :]
        good = kept[-1].endswith(".py") and all(_NAME.fullmatch(part) for part in kept)
        return "/".join(kept) if good else LEFT_OUT

    def _pieces_of(self, text: str) -> str:
        parts: list[str] = []
        end = 0
        for start, stop in sorted(self._found_in(text)):
            parts += [LEFT_OUT] if start > end else []
            parts.append(text[start:stop])
            end = stop
        return "".join(parts) + (LEFT_OUT if end < len(text) else "")

    def _found_in(self, text: str) -> Iterable[tuple[int, int]]:
        """Return the positions of our phrases in a text, the longest first, without overlaps."""
        found: list[tuple[int, int]] = []
        for phrase in self._phrases:
            start = text.find(phrase)
            stop = start + len(phrase)
            if start >= 0 and all(stop <= begin or start >= end for begin, end in found):
                found.append((start, stop))
        return found


def _is_phrase(text: str) -> bool:
    return len(text.strip()) >= _SHORTEST and " " in text.strip() and "\n" not in text


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
    """Return the constants without the docstring: no log contains it, and its phrases are ordinary words.

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
