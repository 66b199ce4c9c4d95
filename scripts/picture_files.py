"""Pictures as small files: PNG with a palette."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

COLOURS: Final = 256
_AT_ONCE: Final = 4_096


def write(folder: Path, drawn: Iterable[tuple[str, QImage]]) -> None:
    """One file for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in drawn:
        place = folder / f"{name}.png"
        indexed(image).save(str(place), quality=0)  # the smallest
        print(f"{place}: {image.width()} x {image.height()}, {place.stat().st_size / 1e3:.0f} kB")


def indexed(image: QImage) -> QImage:
    """With the colours that most of it has; others, mostly of the edges of letters, become the nearest of them."""
    width, height = image.width(), image.height()
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(plain.constBits(), np.uint32).reshape(height, width) & 0xFFFFFF
    found, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    kept = found[np.argsort(counts)[::-1][:COLOURS]]
    across = -(-width // 4) * 4  # as Qt wants each line
    indices = np.zeros((height, across), np.uint8)
    indices[:, :width] = _nearest(found, kept)[places].reshape(height, width)
    made = QImage(indices.tobytes(), width, height, across, QImage.Format.Format_Indexed8).copy()
    made.setColorTable([0xFF000000 | int(colour) for colour in kept])
    return made


def _nearest(colours: NDArray[np.uint32], kept: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The place in ``kept`` of what looks most like each of ``colours``."""
    targets, wanted = _channels(kept), _channels(colours)
    nearest = np.empty(len(colours), np.uint8)
    for start in range(0, len(colours), _AT_ONCE):
        apart = wanted[start : start + _AT_ONCE, None] - targets
        nearest[start : start + _AT_ONCE] = (apart**2).sum(axis=2).argmin(axis=1)
    return nearest


def _channels(colours: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Red, green and blue of each."""
    return np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int32)
