from pathlib import Path
from types import ModuleType

import pytest
from PySide6.QtGui import QColor, QImage

from scripts import clip, screenshots, screenshots_dashboard, screenshots_guide
from scripts.picture_files import COLOURS, indexed, write


@pytest.mark.parametrize("script", [clip, screenshots, screenshots_dashboard, screenshots_guide])
def test_help_is_printed_and_draws_nothing(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as left:
        script.main(["--help"])
    assert left.value.code == 0 and "usage:" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("script", [screenshots, screenshots_guide])
def test_unknown_picture_is_refused(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        script.main([str(tmp_path / "new"), "home", "nowhere"])
    assert "nowhere" in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_written_picture_keeps_its_colours(tmp_path: Path) -> None:
    image = QImage(7, 3, QImage.Format.Format_RGB32)
    image.fill(QColor("#1c6b4f"))
    image.setPixelColor(6, 2, QColor("#fefefe"))
    write(tmp_path / "new", [("one", image)])
    read = QImage(str(tmp_path / "new" / "one.png"))
    assert (read.width(), read.height()) == (7, 3)
    assert read.pixelColor(0, 0).name() == "#1c6b4f" and read.pixelColor(6, 2).name() == "#fefefe"


def test_rare_red_survives_among_many_greys() -> None:
    image = QImage(256, 40, QImage.Format.Format_RGB32)
    for x in range(256):
        for y in range(40):
            image.setPixelColor(x, y, QColor(x, x, x))
    image.setPixelColor(9, 9, QColor("#c03020"))
    made = indexed(image)
    assert len(made.colorTable()) == COLOURS
    assert made.pixelColor(9, 9).name() == "#c03020"
    assert abs(made.pixelColor(100, 0).red() - 100) < 12
