"""A browser for the tests of a module, and a page that can call the dashboard's JavaScript modules."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.helpers.browser import opened_page, running_browser
from tests.helpers.packages import require

STATIC: Final = Path(str(files("backend.observability.dashboard"))) / "static"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(("chromium", "fonts-noto-cjk"))
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that can import the dashboard's modules without a gateway."""

    def serve(route: Route) -> None:
        path = STATIC / route.request.url.rpartition("/")[2]
        if path.is_file():
            route.fulfill(body=path.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>empty</title>", content_type="text/html")

    with opened_page(browser, locale="en-US", timezone_id="Pacific/Auckland") as seen:
        seen.page.route("http://modules.test/**", serve)
        seen.page.goto("http://modules.test/")
        yield seen.page
        assert seen.faults == []


def run(page: Page, module: str, body: str, argument: object = None) -> Any:
    """Return the result of the JavaScript ``body``; ``m`` is the module, ``a`` the argument."""
    return page.evaluate(f"async (a) => {{ const m = await import('/{module}.js'); {body} }}", argument)
