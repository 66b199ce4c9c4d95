"""Tests that the relay redirects a browser once, and only a browser of this user."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import aiohttp
import pytest

from app.cli.dashboard_relay import Relay, owner_of

PAGE = "http://127.0.0.1:4/dashboard#key=a%20key"
TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     7        0 1 1 0 100 0 0 10 0
   1: 0100007F:C000 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     8        0 3 1 0 20 4 30 10 -1
"""


class Visitor:
    """Fake browser in its own thread that requests the given address twice, and ``before`` first."""

    def __init__(self, before: Callable[[str], str] | None = None) -> None:
        self.given = ""
        self.led: list[tuple[int, str]] = []
        self._before = before
        self._thread = Thread()

    def __call__(self, url: str) -> bool:
        self.given = url
        urls = [self._before(url)] if self._before else []
        self._thread = Thread(target=lambda: asyncio.run(self._visit([*urls, url, url])))
        self._thread.start()
        return True

    async def _visit(self, urls: list[str]) -> None:
        async with aiohttp.ClientSession() as http:
            for url in urls:
                with suppress(aiohttp.ClientError):  # the relay has closed
                    async with http.get(url, allow_redirects=False) as response:
                        self.led.append((response.status, response.headers.get("Location", "")))

    async def leave(self) -> list[tuple[int, str]]:
        """Wait for the browser and return its responses."""
        await asyncio.to_thread(self._thread.join, 10)
        return self.led


async def test_relay_redirects_once() -> None:
    browser = Visitor()
    assert await Relay(PAGE).show(browser)
    assert await browser.leave() in ([(302, PAGE)], [(302, PAGE), (404, "")])
    assert "key" not in browser.given and browser.given.startswith("http://127.0.0.1:")


async def test_relay_does_not_redirect_guessed_address() -> None:
    browser = Visitor(before=lambda url: url[:-1])
    assert await Relay(PAGE).show(browser)
    assert (await browser.leave())[:2] == [(404, ""), (302, PAGE)]


async def test_relay_does_not_wait_when_no_browser_opens() -> None:
    assert not await Relay(PAGE).show(lambda url: False)


def test_owner_of_connection_is_found_in_kernel_table() -> None:
    browser, relay = ("127.0.0.1", 0xC000), ("127.0.0.1", 0x1F90)
    if sys.byteorder == "little":
        assert owner_of(TABLE, browser, relay) == 1000
        assert owner_of(TABLE, relay, browser) == 8
    assert owner_of(TABLE, ("127.0.0.2", 0xC000), relay) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to ask as somebody else")
async def test_relay_does_not_redirect_other_user_of_computer() -> None:
    asked = (
        "import encodings.idna, os, sys, urllib.request as r; os.setuid(65534); r.urlopen(sys.argv[1], timeout=5)"
    )

    def browse(url: str) -> bool:
        stranger = subprocess.run([sys.executable, "-c", asked, url], capture_output=True, text=True)
        strangers.append(stranger.stderr)
        return browser(url)

    strangers: list[str] = []
    browser = Visitor()
    assert await Relay(PAGE).show(browse)
    assert "404" in strangers[0]
    assert (await browser.leave())[0] == (302, PAGE)
