"""Write pictures as small files: PNG with a palette."""

import argparse
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

COLOURS: Final = 40

Drawn = Iterable[tuple[str, QImage]]


def draw_all(
    says: str | None,
    arguments: Sequence[str],
    folder: Path,
    draw: Callable[[Sequence[str]], Drawn],
    names: Collection[str] = (),
) -> int:
    """Draw the pictures that a command line names, or all ``names``, into its folder, or into ``folder``."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("folder", type=Path, nargs="?", default=folder)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names) or argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := set(options.names).difference(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication([])
    write(options.folder, draw(options.names or tuple(names)))
    application.shutdown()
    return 0


def write(folder: Path, drawn: Drawn) -> None:
    """Write one file for each picture."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, image in drawn:
        place = folder / f"{name}.png"
        indexed(image).save(str(place), quality=0)  # 0: the strongest compression
        print(f"{place}: {image.width()} x {image.height()}, {place.stat().st_size / 1e3:.0f} kB")


def indexed(image: QImage) -> QImage:
    """Reduce an image to few colours; other colours become the nearest of them.

    The removed colours are mostly those of letter edges.
    """
    width, height = image.width(), image.height()
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(plain.constBits(), np.uint32).reshape(height, width) & 0xFFFFFF
    found, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    kept, nearest = _palette(found, counts)
    across = -(-width // 4) * 4  # Qt aligns each line to 4 bytes
    indices = np.zeros((height, across), np.uint8)
    indices[:, :width] = nearest[places].reshape(height, width)
    reduced = QImage(indices.tobytes(), width, height, across, QImage.Format.Format_Indexed8).copy()
    reduced.setColorTable([0xFF000000 | int(colour) for colour in kept])
    return reduced


def _palette(
    colours: NDArray[np.uint32], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Return the colours to keep, and for each colour the index of the nearest kept one.

    Starts with the most frequent colour, then repeatedly adds the colour with the largest error. So a rare red
    counts more than another grey.
    """
    channels, weight = _channels(colours), np.sqrt(counts)
    kept = [int(np.argmax(counts))]
    nearest = np.zeros(len(colours), np.uint8)
    apart = ((channels - channels[kept[0]]) ** 2).sum(axis=1)
    while len(kept) < min(COLOURS, len(colours)):
        one = int(np.argmax(weight * apart))
        from_it = ((channels - channels[one]) ** 2).sum(axis=1)
        nearest[from_it < apart] = len(kept)
        apart = np.minimum(apart, from_it)
        kept.append(one)
    return colours[kept], nearest


def _channels(colours: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Return red, green and blue of each colour."""
    return np.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(np.int32)
