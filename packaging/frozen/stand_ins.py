"""Replace GPL libraries that the programs do not use in the self-contained folder for Linux.

    python packaging/frozen/stand_ins.py FOLDER        needs nm, as and ld (Debian: binutils)

FFmpeg links to the encoders x264 and x265, and PortAudio to JACK, which needs Berkeley DB. The programs only decode,
and record through ALSA and PulseAudio. A stand-in exports the names that other libraries import, and every call
returns 0, which means "none". Readline is removed with the Python module that loads it. docs/licences.md says why.
"""

import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REPLACED: Final = re.compile(r"lib(x264|x265|jack)[-.].*so.*")
REMOVED: Final = re.compile(r"lib(db-5|readline)[-.].*so.*|readline\..*\.so")
_IMPORTED: Final = re.compile(r"\bU ((x264|x265|jack)_\w+)")
_ANSWER_0: Final = {"x86_64": "xorl %eax, %eax\nret", "aarch64": "mov x0, #0\nret"}
_DATA: Final = ("x264_levels",)
"""Imported tables: 64 zero bytes mean an empty one."""


def source_of(names: Iterable[str], machine: str) -> str:
    """Return the assembly of a library that answers 0 to these names."""
    lines = []
    for name in sorted(names):
        section, body = (".data", ".zero 64") if name in _DATA else (".text", _ANSWER_0[machine])
        kind = "object" if name in _DATA else "function"
        lines += [section, f".globl {name}", f".type {name}, %{kind}", f"{name}:", body, f".size {name}, .-{name}"]
    return "\n".join([*lines, '.section .note.GNU-stack,"",%progbits', ""])


def imported(listing: str) -> set[str]:
    """Return the names of replaced libraries in the output of ``nm -D --undefined-only``."""
    return {found[1] for found in _IMPORTED.finditer(listing)}


def replace_all(folder: Path) -> list[Path]:
    """Replace the libraries that match ``REPLACED``, remove those that match ``REMOVED``; return the replaced files."""
    libraries = [path for path in folder.rglob("*.so*") if path.is_file() and not path.is_symlink()]
    replaced = [path for path in libraries if REPLACED.fullmatch(path.name)]
    names = set[str]()
    for path in set(libraries) - set(replaced):
        listed = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True)
        names |= imported(listed.stdout)
    for path in replaced:
        kind = REPLACED.fullmatch(path.name)
        own = {name for name in names if kind and name.startswith(f"{kind[1]}_")}
        build(path, own)
    for path in folder.rglob("*.so*"):
        if REMOVED.fullmatch(path.name):
            path.unlink()
    return replaced


def build(place: Path, names: Iterable[str]) -> None:
    """Write a library with these names at ``place``."""
    with tempfile.TemporaryDirectory() as scratch:
        source, compiled = Path(scratch, "stand_in.s"), Path(scratch, "stand_in.o")
        source.write_text(source_of(names, platform.machine()))
        subprocess.run(["as", "-o", compiled, source], check=True)
        subprocess.run(["ld", "-shared", "-soname", place.name, "-o", place, compiled], check=True)


if __name__ == "__main__":
    for library in replace_all(Path(sys.argv[1])):
        print(f"stand-in: {library.name}")
