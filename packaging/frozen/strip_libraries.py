"""Remove symbols that only debuggers need from the libraries of a folder, where these stay loadable.

    python packaging/frozen/strip_libraries.py FOLDER

The tools that make wheels rearrange libraries in ways that strip cannot always follow.
"""

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LOAD = 1  # <elf.h>: PT_LOAD


def strip_all(folder: Path) -> int:
    """Strip every library below ``folder``; return the number of bytes saved."""
    saved = 0
    with tempfile.TemporaryDirectory() as scratch:
        stripped = Path(scratch, "stripped")
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_file() or not is_library(path):
                continue
            command = ["strip", "--strip-unneeded", "-o", str(stripped), str(path)]
            if subprocess.run(command, capture_output=True).returncode == 0 and is_loadable(stripped.read_bytes()):
                saved += path.stat().st_size - stripped.stat().st_size
                path.write_bytes(stripped.read_bytes())  # its mode stays
    return saved


def is_library(path: Path) -> bool:
    """Return whether a file is a 64-bit ELF file, but not one of our executables."""
    with path.open("rb") as file:
        return file.read(5) == b"\x7fELF\x02" and path.parent.name != "kikipounamu"


def is_loadable(elf: bytes) -> bool:
    """Return whether the alignment of every loaded segment suits the system's loader."""
    return all((offset - address) % align == 0 for offset, address, align in _loaded(elf))


def _loaded(elf: bytes) -> Iterator[tuple[int, int, int]]:
    start, size, count = struct.unpack_from("<Q", elf, 32)[0], *struct.unpack_from("<HH", elf, 54)
    for at in range(start, start + size * count, size):
        kind, _, offset, address, _, _, _, align = struct.unpack_from("<IIQQQQQQ", elf, at)
        if kind == _LOAD:
            yield offset, address, align


if __name__ == "__main__":
    print(f"{strip_all(Path(sys.argv[1])) / 1e6:.0f} MB less")
