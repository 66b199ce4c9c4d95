"""Draw the app's icon: in the sizes of the hicolor theme, or as one file for Windows or macOS.

python -m scripts.release.menu_icons dist/kikipounamu.ico
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from app.core.identity import APP_ID

SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
_LARGE: Final = {".ico": 256, ".icns": 512}
_SMALL: Final = 24
"""Up to this size the drawing with fewer lines is clearer."""


def draw_icons(checkout: Path, share: Path) -> None:
    """Write the icons below a folder such as ``/usr/share``: PNG of each size, and the drawing itself."""
    drawings = checkout / "app" / "ui" / "theme" / "icons"
    for size in SIZES:
        place = _place(share, f"{size}x{size}") / f"{APP_ID}.png"
        _draw(drawings / ("app-small.svg" if size <= _SMALL else "app.svg"), place, size)
    (_place(share, "scalable") / f"{APP_ID}.svg").write_bytes((drawings / "app.svg").read_bytes())


def draw_icon(checkout: Path, place: Path) -> None:
    """Write the icon as one file: ``.ico`` for Windows, ``.icns`` for macOS."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _draw(checkout / "app" / "ui" / "theme" / "icons" / "app.svg", place, _LARGE[place.suffix])


def _place(share: Path, size: str) -> Path:
    place = share / "icons" / "hicolor" / size / "apps"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _draw(drawing: Path, place: Path, size: int) -> None:
    gui: Any = import_module("PySide6.QtGui")  # imported late: a release without packages needs no Qt
    svg: Any = import_module("PySide6.QtSvg")
    image = gui.QImage(size, size, gui.QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = gui.QPainter(image)
    svg.QSvgRenderer(str(drawing)).render(painter)
    painter.end()
    if not image.save(str(place)):
        raise OSError(f"cannot write {place}")


if __name__ == "__main__":
    draw_icon(Path(__file__).resolve().parents[2], Path(sys.argv[1]))
