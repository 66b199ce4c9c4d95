from pathlib import Path

from PySide6.QtGui import QColor, QImage

from scripts.picture_files import COLOURS, indexed, write


def test_what_is_written_looks_as_it_did(tmp_path: Path) -> None:
    image = QImage(7, 3, QImage.Format.Format_RGB32)
    image.fill(QColor("#1c6b4f"))
    image.setPixelColor(6, 2, QColor("#fefefe"))
    write(tmp_path / "new", [("one", image)])
    read = QImage(str(tmp_path / "new" / "one.png"))
    assert (read.width(), read.height()) == (7, 3)
    assert read.pixelColor(0, 0).name() == "#1c6b4f" and read.pixelColor(6, 2).name() == "#fefefe"


def test_of_many_colours_the_rare_ones_become_the_nearest() -> None:
    image = QImage(400, 100, QImage.Format.Format_RGB32)
    for x in range(400):
        for y in range(100):
            image.setPixelColor(x, y, QColor(x % 250, 100, 3 if (x, y) == (9, 9) else 0))
    made = indexed(image)
    assert len(made.colorTable()) <= COLOURS
    assert made.pixelColor(8, 9) == image.pixelColor(8, 9)
    for x in range(300):
        image.setPixelColor(x, 0, QColor(x % 250, 99 + x % 3, 200 * (x % 2)))
    assert len(indexed(image).colorTable()) == COLOURS
