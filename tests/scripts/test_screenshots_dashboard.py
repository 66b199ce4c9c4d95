"""Test the dashboard's sheets: desktop and phone, both languages, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from app.ui.theme.colours import COLOURS
from scripts import screenshots
from scripts.drawing import LOOKS
from scripts.example_gateway import ExampleGateway, example_gateway
from scripts.example_hour import ExampleHour
from scripts.screenshots_dashboard import NAMES, PHONE, beside, picture
from tests.helpers.browser import running_browser
from tests.helpers.packages import require

pytestmark = pytest.mark.serial("browser")

AT_MOST = 250_000


@pytest.fixture(scope="module")
def browser(qapp: QApplication) -> Iterator[Browser]:
    require(("chromium", "fonts-noto-cjk"))
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def gateway() -> Iterator[ExampleGateway]:
    hour = ExampleHour()
    with example_gateway(hour.timeline(), hour.snapshot()) as gateway:
        yield gateway


def test_dashboard_picture_has_its_look_and_is_reproducible(browser: Browser, gateway: ExampleGateway) -> None:
    look = LOOKS[1]
    image, again = (picture(browser, gateway, look, PHONE) for _ in range(2))
    assert image.width() == PHONE["width"] and image.height() > 2_000
    assert image.pixelColor(1, 1) == QColor(COLOURS[look.scheme].window)
    assert image == again


def test_each_column_has_its_own_background() -> None:
    images = [QImage(10, height, QImage.Format.Format_RGB32) for height in (20, 40)]
    for image in images:
        image.fill(QColor("#123456"))
    made = beside(list(zip(LOOKS[:2], images, strict=True)))
    assert made.height() == 40 and made.width() > 20
    assert made.pixelColor(5, 30) == QColor(COLOURS[LOOKS[0].scheme].window)
    assert made.pixelColor(made.width() - 5, 30) == QColor("#123456")


def test_committed_pictures_are_small() -> None:
    files = [screenshots.FOLDER / f"{name}.png" for name in NAMES]
    assert sum(file.stat().st_size for file in files) < AT_MOST
    assert all(QImage(str(file)).width() > 1_500 for file in files)
