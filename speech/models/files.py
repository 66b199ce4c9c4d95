"""File operations for models: hashing, copying, syncing to disk, and the staging area of an installation."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from speech.models.catalogue import ModelFile
from speech.models.progress import Advance

BLOCK_BYTES: Final = 1024 * 1024


def _no_progress(done: int) -> None:
    """Ignore progress: an ``Advance`` without effect."""


@dataclass(frozen=True)
class StagingArea:
    """Staging area of one model. ``files`` holds only verified files and becomes the model's folder."""

    root: Path

    @property
    def files(self) -> Path:
        """Folder of the verified files."""
        return self.root / "files"

    @property
    def wheels(self) -> Path:
        """Folder of complete wheels from the package index."""
        return self.root / "wheels"

    def part(self, file: ModelFile) -> Path:
        """Return the path of a file's unverified, perhaps partial, contents."""
        return self.root / "parts" / file.path


def fault_of(path: Path, file: ModelFile, advance: Advance = _no_progress) -> str | None:
    """Describe how ``path`` differs from ``file``, or return ``None`` if both are equal byte for byte.

    ``advance`` receives the number of bytes read.
    """
    try:
        fault = size_fault_of(path, file)
        if fault is None and sha256_of(path, advance) != file.sha256:
            return f"{file.path} has other contents than listed"
    except OSError as error:
        return f"{file.path} cannot be read ({error.strerror})"
    return fault


def size_fault_of(path: Path, file: ModelFile) -> str | None:
    """Return a fault like ``fault_of``, but check only presence and size."""
    if not path.is_file():
        return f"{file.path} is missing"
    if (size := path.stat().st_size) != file.size:
        return f"{file.path} has {size} bytes instead of {file.size}"
    return None


def sha256_of(path: Path, advance: Advance = _no_progress) -> str:
    """Return the hexadecimal SHA-256 of a file's contents."""
    digest, block, done = hashlib.sha256(), memoryview(bytearray(BLOCK_BYTES)), 0
    with path.open("rb", buffering=0) as file:
        while read := file.readinto(block):
            digest.update(block[:read])
            done += read
            advance(done)
    return digest.hexdigest()


def write_blocks(blocks: Iterator[bytes], destination: Path, advance: Advance) -> None:
    """Write ``blocks`` to ``destination`` from its beginning."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with destination.open("wb") as out:
        for block in blocks:
            out.write(block)
            done += len(block)
            advance(done)


def read_blocks(source: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of an open file, block by block."""
    while block := source.read(BLOCK_BYTES):
        yield block


def make_durable(path: Path) -> None:
    """Sync a file's contents, or a folder's names, so that they survive a power failure."""
    if path.is_dir() and os.name != "posix":
        return  # Windows cannot sync a folder
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    """Delete a file, a folder or a link; do nothing if the path does not exist."""
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.exists():
        shutil.rmtree(path)
