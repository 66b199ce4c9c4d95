"""Write the licences of everything that a package carries: a table, and one text for each component.

    python -m scripts.release.licences FOLDER [--bundle BUNDLE]

``FOLDER`` gets the texts. ``BUNDLE``: a self-contained folder built on Debian, whose system libraries get the
copyright files of their packages. The texts come from the environment that runs this.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from app.diagnostics.report.licences import licences, native_libraries, text_of
from app.diagnostics.report.view import ComponentKind, Licence
from scripts.check_licences import RULES, refused
from scripts.release.commands import run
from scripts.release.debian import folder_in
from scripts.release.errors import Refusal, ReleaseRefused

_DOCUMENTS: Final = Path("/usr/share/doc")
_FIXED_TIME: Final = (1980, 1, 1, 0, 0, 0)
_HEAD: Final = """\
# Licences

kikipounamu is free software under the MIT licence. This package carries the components below under their own
licences; their texts are beside this file.

Libraries under the LGPL are separate files: you may replace each by a changed build with the same interface, and
you may take the program apart to find faults of such a change. Their sources are where their texts say. The
encoders x264 and x265, JACK, Berkeley DB and Readline are not in this package; small stand-ins of ours answer in
the place of the first three.

| component | version | licence |
|---|---|---|
"""


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Write one archive with the licences of the full folder in ``dist``, the same bytes for the same texts.

    The full folder has more components than any other package.

    :raises ReleaseRefused: if the folder is missing, or a component has a licence that is not allowed.
    """
    place, carried = dist / f"kikipounamu-{version}-licences.zip", folder_in(dist, version)
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        run("tar", "--extract", "--zstd", "--file", carried, "kikipounamu/licences", cwd=Path(scratch))
        texts = Path(scratch, "kikipounamu")
        check_allowed((texts / "licences" / "README.md").read_text(encoding="utf-8"))
        for path in sorted(path for path in texts.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(texts).as_posix(), _FIXED_TIME)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return [place]


def check_allowed(table: str) -> None:
    """Refuse a table with a licence that is not allowed: the folder's Python needs libraries that ours lacks."""
    rules = tomllib.loads(RULES.read_text(encoding="utf-8"))
    _, *rows = re.findall(r"^\| (.+) \| (.*) \| (.+) \|$", table, re.MULTILINE)
    listed = (Licence(name, version, licence, ComponentKind.PACKAGE) for name, version, licence in rows)
    if found := [*refused(listed, rules)]:
        raise ReleaseRefused(Refusal.CHECK_FAILED, "; ".join(found))


def write_licences(folder: Path) -> list[Path]:
    """Write the table and the texts into ``folder``, and return the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    left_out = {library.name for library in native_libraries() if library.left_out}
    found = [one for one in licences() if one.name not in left_out and one.kind is not ComponentKind.MODEL]
    table = folder / "README.md"
    table.write_text(_HEAD + "".join(map(_row, found)), encoding="utf-8")
    written = [table]
    for one in found:
        place = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', one.name)}.txt"
        place.write_text(text_of(one.name) + "\n", encoding="utf-8")
        written.append(place)
    return written


def write_system_licences(bundle: Path, folder: Path) -> list[Path]:
    """Copy the copyright files of the Debian packages whose libraries are in a bundle."""
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted({path.name for path in bundle.rglob("*.so*") if path.is_file()})
    written = []
    for package in sorted(set(owners(names))):
        text = _DOCUMENTS / package / "copyright"
        if text.is_file():
            place = folder / f"{package}.txt"
            place.write_bytes(text.read_bytes())
            written.append(place)
    return written


def owners(names: Sequence[str]) -> Iterator[str]:
    """Yield the Debian packages that have libraries with these names."""
    patterns = [f"/usr/lib/*/{name}" for name in names] + [f"/lib/*/{name}" for name in names]
    command = ["dpkg-query", "--search", *patterns]
    listed = subprocess.run(command, capture_output=True, text=True)  # status 1: some are unknown
    for line in listed.stdout.splitlines():
        for package in line.partition(": ")[0].split(", "):
            yield package.partition(":")[0]


def _row(one: Licence) -> str:
    return f"| {one.name} | {one.version} | {one.licence} |\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the licences of this environment."""
    parser = argparse.ArgumentParser(description="Write the licences of what a package carries.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, help="self-contained folder, for the licences of system libraries")
    options = parser.parse_args(arguments)
    written = write_licences(options.folder)
    if options.bundle is not None:
        written += write_system_licences(options.bundle, options.folder / "system")
    print(f"licences: {len(written)} files in {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
