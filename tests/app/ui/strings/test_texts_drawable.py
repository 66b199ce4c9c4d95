"""The first screen has no boxes without a font for Chinese, and offers both languages with one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.ui.strings.texts import can_draw
from tests.helpers.packages import require

LATIN = Path("/usr/share/fonts/truetype/dejavu")
CONFIGURATION = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""

LOOK = """
import json, sys
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from app.ui.theme.colours import Scheme
from app.ui.strings.texts import can_draw
from app.ui.onboarding.pages import Onboarding
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
app = QApplication([])
theme, texts = Theme(Scheme.LIGHT), Texts()
theme.dress(app)
page = Onboarding(theme, texts, lambda action: None)
page.resize(900, 700)
page.show()
app.processEvents()
said = [one.text() for kind in (QLabel, QAbstractButton) for one in page.findChildren(kind) if one.isVisible()]
boxes = [text for text in said if not can_draw(text)]
print(json.dumps({"language": texts.language, "said": said, "boxes": boxes}))
"""


def first_screen(tmp_path: Path, *, chinese: bool, language: str) -> dict[str, object]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8", "LANGUAGE": language}
    environment |= {"LANG": language, "KIKIPOUNAMU_HOME": str(tmp_path)}
    if not chinese:
        configuration = tmp_path / "fonts.conf"
        configuration.write_text(CONFIGURATION.format(fonts=LATIN, cache=tmp_path / "cache"))
        environment["FONTCONFIG_FILE"] = str(configuration)
    looking = [sys.executable, "-c", LOOK]
    done = subprocess.run(looking, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("language", ["en_GB.UTF-8", "zh_CN.UTF-8"])
def test_first_screen_has_no_boxes_when_no_font_draws_chinese(tmp_path: Path, language: str) -> None:
    result = first_screen(tmp_path, chinese=False, language=language)
    assert result["boxes"] == [] and result["language"] == "en"
    said = str(result["said"])
    assert "Chinese (Simplified)" in said and "fonts-noto-cjk" in said


def test_first_screen_has_both_languages_when_fonts_draw_them(tmp_path: Path) -> None:
    require(("fonts-noto-cjk",))
    result = first_screen(tmp_path, chinese=True, language="en_GB.UTF-8")
    said = str(result["said"])
    assert result["boxes"] == [] and "简体中文" in said and "fonts-noto-cjk" not in said


def test_can_draw_rejects_letter_missing_from_all_fonts(qapp: object) -> None:
    assert can_draw("plain") and not can_draw("\U0010fffd")
