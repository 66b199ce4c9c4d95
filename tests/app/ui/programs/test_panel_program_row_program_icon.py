"""Icons of programs: by path, by name outside of themes, and that of any program."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap

from app.ui.programs.panel import can_be_drawn, icon_for, named_icon
from app.ui.theme.theme import Theme


def picture(place: Path) -> Path:
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.red)
    assert pixmap.save(str(place))
    return place


def test_icon_is_found_by_path_and_by_name(theme: Theme, tmp_path: Path) -> None:
    place = picture(tmp_path / "editor.png")
    assert can_be_drawn(named_icon(str(place))) and can_be_drawn(named_icon("editor", (tmp_path,)))
    assert named_icon("").isNull() and named_icon("/no/such.png").isNull()
    assert named_icon("no-such-icon", (tmp_path,)).isNull() and named_icon("../editor", (tmp_path / "a",)).isNull()


def test_damaged_icon_is_not_usable(theme: Theme, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert not can_be_drawn(named_icon(str(tmp_path / "broken.png")))


def test_unknown_program_has_the_icon_of_any_program(theme: Theme) -> None:
    found = icon_for(theme, "no-such-program-here")
    assert can_be_drawn(found) and found.pixmap(QSize(24, 24), 2.0).size() == QSize(48, 48)
