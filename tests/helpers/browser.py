"""Run Debian's Chromium in a test, without a user profile and without its own network requests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    expect,
    sync_playwright,
)

PROGRAM: Final = "chromium"
DEADLINE_MS: Final = 20_000
_ARGUMENTS: Final = (
    "--no-sandbox",  # tests may run as root, and open only our own page
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--force-color-profile=srgb",
)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start a browser for many pages; each ``opened_page`` has separate cookies, storage and cache."""
    program = shutil.which(PROGRAM)
    assert program, f"{PROGRAM} is not here: see tests.helpers.packages"
    with tempfile.TemporaryDirectory(prefix="kiki-browser-") as home:
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), home)
        environment: dict[str, str | float | bool] = {**os.environ, **homes}
        expect.set_options(timeout=DEADLINE_MS)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, headless=True, args=list(_ARGUMENTS), env=environment, timeout=DEADLINE_MS
            )
            try:
                yield browser
            finally:
                browser.close()


@dataclass
class Seen:
    """Hidden activity of a page; ``faults``: errors and warnings of its console."""

    page: Page
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """Return the hosts that the page sent requests to."""
        return {urlsplit(url).netloc for url in self.requests if not url.startswith("data:")}

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _on_error(self, error: Error) -> None:
        self.faults.append(f"thrown: {error}")

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)


@contextmanager
def opened_page(browser: Browser, **options: Any) -> Iterator[Seen]:
    """Open a page in a separate context; ``options`` go to playwright's ``new_context``."""
    context: BrowserContext = browser.new_context(**options)
    try:
        context.set_default_timeout(DEADLINE_MS)
        page = context.new_page()
        seen = Seen(page)
        page.on("console", seen._on_console)
        page.on("pageerror", seen._on_error)
        page.on("request", seen._on_request)
        yield seen
    finally:
        context.close()
