"""Write ``SHA256SUMS`` over all files of the release, as ``sha256sum --check`` reads it."""

import hashlib
from pathlib import Path
from typing import Final

NAME: Final = "SHA256SUMS"


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Write the sums of all files under ``dist``."""
    files = sorted(path for path in dist.rglob("*") if path.is_file() and path.name != NAME)
    lines = [f"{_digest(path)}  {path.relative_to(dist).as_posix()}\n" for path in files]
    (dist / NAME).write_text("".join(lines))
    return [dist / NAME]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
