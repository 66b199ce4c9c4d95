"""Icons of the app: every state has its own shape, whatever its colour."""

import os
import shutil
import subprocess
import sys
from enum import StrEnum
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.core.states import State
from app.ui.files.file_row import SHAPES as FILE_SHAPES
from app.ui.theme import icons
from app.ui.theme.colours import COLOURS, Scheme
from tests.helpers.waiting import DEADLINE_S

TRAY = 22
FILES = [path.name for path in files("app.ui.theme").joinpath("icons").iterdir()]
NAMES = sorted(name.removesuffix(".svg") for name in FILES if name.endswith(".svg"))


def drawn(name: str, size: int, colour: str = "black") -> QImage:
    """Return an icon on a transparent ground."""
    made = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        icons.draw(painter, name, QRectF(made.rect()), QColor(colour))
    return made


def outline(image: QImage) -> list[bool]:
    """Return for each pixel whether it is painted."""
    pixels = range(image.width())
    return [image.pixelColor(x, y).alpha() > 127 for x in pixels for y in pixels]


def lightness(image: QImage) -> list[bool]:
    """Return for each pixel whether it is light."""
    pixels = range(image.width())
    return [image.pixelColor(x, y).lightness() > 160 for x in pixels for y in pixels]


@pytest.mark.parametrize("name", NAMES)
def test_icon_can_be_drawn(name: str, qapp: QApplication) -> None:
    assert QSvgRenderer(icons.svg(name)).isValid()
    painted = sum(outline(drawn(name, 24, "#123456")))
    assert painted > 20


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {icons.APP, icons.APP_SMALL}])
def test_icon_is_drawn_in_given_colour(name: str, qapp: QApplication) -> None:
    assert b"#ff0000" in icons.svg(name, QColor("#ff0000"))
    assert b"currentColor" not in icons.svg(name, QColor("#ff0000"))


@pytest.mark.parametrize(
    "shapes", [{state: state.value for state in State}, {state: name for state, (name, _) in FILE_SHAPES.items()}]
)
def test_states_have_distinct_shapes(shapes: dict[StrEnum, str], qapp: QApplication) -> None:
    assert set(shapes) == set(type(next(iter(shapes))))
    outlines = {state: outline(drawn(name, TRAY)) for state, name in shapes.items()}
    for one, other in combinations(outlines, 2):
        differs = sum(a != b for a, b in zip(outlines[one], outlines[other], strict=True))
        assert differs > 15, (one, other)


def test_tray_icons_of_states_differ_without_colour(qapp: QApplication) -> None:
    colours = COLOURS[Scheme.LIGHT]
    looks = {state: lightness(icons.tray_image(state, colours, TRAY)) for state in State}
    for one, other in combinations(State, 2):
        differs = sum(a != b for a, b in zip(looks[one], looks[other], strict=True))
        assert differs >= 6, (one, other)


def test_tray_icon_shows_unsent_audio(qapp: QApplication) -> None:
    colours = COLOURS[Scheme.DARK]
    plain = icons.tray_image(State.SENDING, colours, TRAY)
    marked = icons.tray_image(State.SENDING, colours, TRAY, unsent=True)
    assert marked.pixelColor(TRAY - 4, 4).name() == colours.warning
    assert plain.pixelColor(TRAY - 4, 4).name() != colours.warning


def test_tray_icon_has_all_sizes(qapp: QApplication) -> None:
    made = icons.tray_icon(State.IDLE, COLOURS[Scheme.LIGHT])
    assert sorted(size.width() for size in made.availableSizes()) == sorted(icons.SIZES)
    assert not icons.icon(icons.APP).isNull()


def test_qt_scales_icon_once_however_often_it_is_shown(qapp: QApplication) -> None:
    def shown() -> list[int]:
        made = (
            icons.tray_icon(State.SENDING, COLOURS[Scheme.LIGHT], unsent=True),
            icons.icon("copy", QColor("black")),
            icons.icon_beside_text("copy", 16, 4, QColor("black")),
        )
        return [one.pixmap(13).cacheKey() for one in made]

    assert shown() == shown()


def test_app_icon_has_clear_bars_when_it_is_small(qapp: QApplication) -> None:
    small = icons.icon(icons.APP).pixmap(16, 16).toImage()
    row = [small.pixelColor(x, 10) for x in range(16)]
    white = [x for x, colour in enumerate(row) if colour.lightness() == 255 and colour.alpha() == 255]
    assert white == [3, 4, 7, 8, 11, 12]
    assert icons.icon(icons.APP).pixmap(64, 64).toImage() == drawn(icons.APP, 64)


def test_icon_is_drawn_into_given_rectangle(qapp: QApplication) -> None:
    ground = QImage(40, 40, QImage.Format.Format_ARGB32_Premultiplied)
    ground.fill(0)
    painter = QPainter(ground)
    icons.draw(painter, "held", QRectF(20, 20, 20, 20), QColor("red"))
    painter.end()
    assert ground.pixelColor(30, 30).name() == "#ff0000"
    assert ground.pixelColor(10, 10).alpha() == 0


def test_icons_are_drawn_although_an_update_has_removed_their_files(tmp_path: Path) -> None:
    """An error in a function that paints ends the program."""
    copied = tmp_path / "app"
    shutil.copytree(str(files("app")), copied, ignore=shutil.ignore_patterns("__pycache__"))
    script = (
        "import shutil, sys; from app.ui.theme import icons; assert icons.__file__.startswith(sys.argv[1]);"
        "icons.svg('app'); shutil.rmtree(sys.argv[1]); sys.stdout.buffer.write(icons.svg('listening'))"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P", "-c", script, str(copied)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=DEADLINE_S)
    assert done.stdout == icons.svg("listening"), done.stderr.decode()
