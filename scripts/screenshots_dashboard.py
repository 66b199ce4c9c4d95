"""Render the dashboard in Chromium, on a desktop and on a phone."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace
from playwright.sync_api import Browser, Page
from PySide6.QtGui import QColor, QImage

from app.ui.theme.colours import COLOURS, Scheme
from scripts.drawing import GAP, LOOKS, Look, on_ground, row
from scripts.example_gateway import ExampleGateway, example_gateway
from scripts.example_hour import ExampleHour
from scripts.picture_files import draw_all
from scripts.screenshots import FOLDER
from tests.helpers.browser import opened_page, running_browser

EN_LIGHT, EN_DARK, ZH_LIGHT, ZH_DARK = LOOKS
NAMES: Final = ("dashboard", "dashboard-phone")
DESK: Final = {"width": 1120, "height": 900}
PHONE: Final = {"width": 360, "height": 740}
_LOCALES: Final = {"en": "en-GB", "zh": "zh-CN"}
_NOW: Final = datetime(2027, 3, 4, 10, 42, 30, tzinfo=UTC)
_PIECE: Final = 1_180
_TOP: Final = 400
_KEY: Final = "of the pictures"


def sheets() -> Iterator[tuple[str, QImage]]:
    """Yield each sheet with its name."""
    hour = ExampleHour()
    with example_gateway(hour.timeline(), hour.snapshot()) as gateway, running_browser() as browser:
        yield NAMES[0], beside([(look, picture(browser, gateway, look, DESK)) for look in (EN_LIGHT, ZH_DARK)])
        yield NAMES[1], beside(list(phones(browser, gateway)))


def phones(browser: Browser, gateway: ExampleGateway) -> Iterator[tuple[Look, QImage]]:
    """Draw the top and the bottom of the page on a phone, then its warnings and the key form."""
    usual = gateway.snapshot
    yield ZH_LIGHT, picture(browser, gateway, ZH_LIGHT, PHONE).copy(0, 0, PHONE["width"], _PIECE)
    whole = picture(browser, gateway, EN_DARK, PHONE)
    yield EN_DARK, whole.copy(0, whole.height() - _PIECE, PHONE["width"], _PIECE)
    crowded = replace(usual, queued=96, backlog_s=606.0, oldest_s=14.2, sessions=61, connections=61)
    for look, snapshot in ((EN_LIGHT, crowded), (EN_DARK, replace(usual, workers=(), streams=0.0))):
        gateway.snapshot = snapshot
        yield look, picture(browser, gateway, look, PHONE).copy(0, 0, PHONE["width"], _TOP)
    gateway.snapshot, gateway.key = usual, _KEY
    yield ZH_LIGHT, picture(browser, gateway, ZH_LIGHT, PHONE, "form")


def picture(
    browser: Browser, gateway: ExampleGateway, look: Look, size: Any, awaited: str = ".recent td"
) -> QImage:
    """Return a picture of the whole page in this look, once the selector ``awaited`` matches."""
    scheme = "dark" if look.scheme is Scheme.DARK else "light"
    options = {
        "locale": _LOCALES[look.language],
        "color_scheme": scheme,
        "reduced_motion": "reduce",
        "timezone_id": "UTC",
    }
    with opened_page(browser, viewport=size, **options) as seen:
        seen.page.clock.set_fixed_time(_NOW)
        seen.page.goto(f"{gateway.url}/dashboard")
        seen.page.wait_for_selector(awaited)
        settle(seen.page)
        return QImage.fromData(seen.page.screenshot(full_page=True))


def settle(page: Page) -> None:
    """Wait until the curves have their widths, which are set after the first layout."""
    page.evaluate("() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


def beside(columns: list[tuple[Look, QImage]]) -> QImage:
    """Join the columns from left to right, each on its own background to the bottom."""
    height = max(image.height() for _, image in columns)
    cells = [on_ground(image, height, QColor(COLOURS[look.scheme].window)) for look, image in columns]
    return row(cells, QColor("#ffffff"), gap=GAP // 4)


def main(arguments: Sequence[str]) -> int:
    """Write the dashboard's sheets to the folder."""
    return draw_all(__doc__, arguments, FOLDER, lambda names: sheets())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
