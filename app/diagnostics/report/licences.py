"""Components of this program and their licences, as the installed packages declare them. Blocks.

A frozen bundle must carry the metadata and licence files of its packages. ``native_libraries.toml`` lists the
libraries that are inside packages, and ``licence_texts`` has the texts that packages do not bring.
"""

import re
import tomllib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.resources import files
from typing import Final

from app.diagnostics.report.view import ComponentKind, Licence
from runtime.programs import is_bundled
from speech.models.catalogue import load_catalogue

PROGRAM: Final = "kikipounamu"
UNKNOWN: Final = "?"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FOR_DEVELOPERS: Final = re.compile(r"extra\s*==\s*['\"](dev|release)['\"]")
_OPTIONAL: Final = re.compile(r"extra\s*==")
_TEXT: Final = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_IN_PACKAGE: Final = re.compile(r"[\w-]+/(licen[cs]e|thirdpartynotices)(\.(txt|md))?", re.IGNORECASE)
_STANDARD: Final = (
    (re.compile(r"LGPL-?v?3", re.IGNORECASE), ("LGPL-3.0", "GPL-3.0")),
    (re.compile("apache", re.IGNORECASE), ("Apache-2.0",)),
    (re.compile("mit", re.IGNORECASE), ("MIT",)),
    (re.compile("bsd", re.IGNORECASE), ("BSD-3-Clause",)),
    (re.compile("nvidia", re.IGNORECASE), ("NVIDIA",)),
)
"""Texts for packages that declare a licence without its text."""
_LONGEST: Final = 400_000
_LONGEST_NAME: Final = 80
_CUDA: Final = "cuda-toolkit"
"""A package that only requires others of NVIDIA, and names no licence."""
_GENERIC: Final = frozenset({"", "UNKNOWN", "OSI Approved"})

_SAMPLES: Final = "Samples, icons and sounds"


@dataclass(frozen=True)
class NativeLibrary:
    """A library inside a package; an empty ``package`` is always there.

    ``files``: beginnings of its file names. ``left_out``: bundles carry a stand-in instead.
    """

    name: str
    package: str
    licence: str
    copyright: str
    source: str
    texts: tuple[str, ...]
    files: tuple[str, ...]
    left_out: bool = False

    @property
    def text(self) -> str:
        """The notice, the place of the source and the licence texts."""
        head = f"{self.name}: {self.licence}\n\n{self.copyright}\n\n{self.source}"
        return "\n\n".join((head, *map(standard_text, self.texts)))


@cache
def native_libraries() -> tuple[NativeLibrary, ...]:
    """Return the libraries of the packages that are installed here."""
    rows = tomllib.loads(_data("native_libraries.toml"))["library"]
    every = (NativeLibrary(**{**row, "texts": tuple(row["texts"]), "files": tuple(row["files"])}) for row in rows)
    return tuple(one for one in every if not one.package or version(one.package))


@cache
def standard_text(name: str) -> str:
    """Return the text of a licence by its name in ``licence_texts``."""
    return _data(f"licence_texts/{name}.txt").strip()


def _data(name: str) -> str:
    return files("app.diagnostics.report").joinpath(name).read_text(encoding="utf-8")


@cache
def dependencies(without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the names of installed packages that this program, or a package that it needs, requires.

    ``without``: leave out these packages, and what only they require.
    """
    found: dict[str, None] = {}
    without = without | {PROGRAM}  # the extra `all` names it again
    waiting = deque([PROGRAM])
    while waiting:
        name = waiting.popleft()
        for needed in _requires(name):
            if needed not in found and needed not in without and version(needed):
                found[needed] = None
                waiting.append(needed)
    return tuple(sorted(found))


def licences() -> tuple[Licence, ...]:
    """Return all licences: this program first, then its components by name."""
    packages = [
        Licence(metadata.metadata(name)["Name"], version(name), licence_of(name), ComponentKind.PACKAGE)
        for name in dependencies()
    ]
    libraries = [
        Licence(one.name, "", one.licence, ComponentKind.LIBRARY)
        for one in native_libraries()
        if not (one.left_out and is_bundled())
    ]
    models = [Licence(model.name, "", model.licence, ComponentKind.MODEL) for model in load_catalogue().models]
    own = Licence(PROGRAM, version(PROGRAM), licence_of(PROGRAM), ComponentKind.PROGRAM)
    samples = Licence(_SAMPLES, "", licence_of(PROGRAM), ComponentKind.FILES)
    rest = sorted([*packages, *libraries, *models], key=lambda licence: licence.name.casefold())
    return (own, samples, *rest)


def licence_of(name: str) -> str:
    """Return the name of a package's licence from its metadata."""
    facts = metadata.metadata(name)
    if "License-Expression" in facts:
        return facts["License-Expression"]
    stated = facts["License"].strip() if "License" in facts else ""
    if stated not in _GENERIC and "\n" not in stated and len(stated) <= _LONGEST_NAME:
        return stated
    classifiers = [
        entry.rpartition(" :: ")[2] for entry in facts.get_all("Classifier") or [] if "License ::" in entry
    ]
    if named := [entry for entry in classifiers if entry not in _GENERIC]:
        return ", ".join(named)
    first = next((line.strip() for line in (stated or "\n".join(_texts(name))).splitlines() if line.strip()), "")
    return first[:_LONGEST_NAME] or ("NVIDIA Proprietary Software" if name == _CUDA else UNKNOWN)


def text_of(name: str) -> str:
    """Return the licence text for a name in ``licences``; empty if none is available."""
    for model in load_catalogue().models:
        if model.name == name:
            return f"{model.title}\n\n{model.licence}\n\n{model.attribution}"
    for library in native_libraries():
        if library.name == name:
            return library.text
    if name in (PROGRAM, _SAMPLES):
        return _own_text()
    if not version(name):
        return ""
    return ("\n\n".join(_texts(name)) or _declared_text(name))[:_LONGEST]


def _declared_text(name: str) -> str:
    """Return the usual text of the licence that a package only names, with its authors."""
    facts = metadata.metadata(name)
    licence = licence_of(name)
    names = next((texts for form, texts in _STANDARD if form.search(licence)), ())
    by = next((facts[field] for field in ("Author", "Author-email", "Maintainer") if facts[field]), "its authors")
    head = f"{facts['Name']}: {licence}\n\nCopyright (c) {by}" if names else ""
    return "\n\n".join(filter(None, (head, *map(standard_text, names))))


def _own_text() -> str:
    found = "\n\n".join(_texts(PROGRAM))
    if not found:  # when run from a checkout
        source = files("app").joinpath("..", "LICENSE")
        found = source.read_text(encoding="utf-8") if source.is_file() else ""
    return found


def _texts(name: str) -> Iterator[str]:
    listed = metadata.distribution(name).files or []
    wanted = [
        path
        for path in listed
        if (".dist-info" in path.parts[0] and _TEXT.search(path.as_posix().partition("/")[2]))
        or _IN_PACKAGE.fullmatch(path.as_posix())
    ]
    for path in sorted(wanted):
        if path.suffix in (".py", ".pyc"):
            continue
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text(encoding="utf-8").strip()
            yield f"== {path.name} ==\n\n{text}" if len(wanted) > 1 else text


def _requires(name: str) -> Iterator[str]:
    for requirement in metadata.distribution(name).requires or []:
        left_out = _FOR_DEVELOPERS if name == PROGRAM else _OPTIONAL
        if not left_out.search(requirement) and (found := _NAME.match(requirement)):
            yield re.sub(r"[-_.]+", "-", found[0]).lower()


def version(name: str) -> str:
    """Return the version of an installed package; empty if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
