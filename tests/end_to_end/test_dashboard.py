"""Test that the dashboard of a real gateway follows speech and the death of a worker."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.speakers import run_speakers
from protocol.endpoint import Endpoint
from tests.helpers.browser import Seen, opened_page, running_browser
from tests.helpers.chain import KEY, Chain, running_chain
from tests.helpers.packages import require
from tests.helpers.valkey import running_broker
from tests.helpers.waiting import wait_until_sync

pytestmark = pytest.mark.serial("browser")

SPEAKERS, SEGMENTS, SECONDS = 5, 60, 1.0
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require(("chromium", "fonts-noto-cjk"))
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with running_broker() as broker, running_chain(tmp_path_factory.mktemp("dashboard"), broker.url) as chain:
        yield chain


@pytest.fixture(scope="module")
def endpoint(chain: Chain) -> Endpoint:
    return chain.gateway()[1]


@contextmanager
def speaking(endpoint: Endpoint) -> Iterator[None]:
    """Run speakers until the context ends, in a thread: this thread's loop belongs to the browser."""
    ended = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def speak() -> None:
        speakers = asyncio.ensure_future(run_speakers(endpoint, SPEAKERS, SEGMENTS, seconds=SECONDS))
        await ended.wait()
        speakers.cancel()
        with suppress(asyncio.CancelledError):
            await speakers

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(speak())

    thread = threading.Thread(target=run, name="speakers")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)


def address(endpoint: Endpoint) -> str:
    return f"{endpoint.url}/dashboard#key={quote(KEY)}"


def live(page: Page) -> None:
    expect(page.locator(".link")).to_have_attribute("data-phase", "live")


def figure(page: Page, name: str) -> float:
    """Return the first number of a figure."""
    text = page.locator(f"[data-figure={name}] .value").inner_text()
    return float(text.split()[0].replace(",", "").replace("–", "0"))


def quiet(seen: Seen, endpoint: Endpoint) -> None:
    """Assert a silent console, no requests to other hosts, and no key in any address."""
    assert seen.faults == []
    assert seen.hosts() == {endpoint.url.removeprefix("http://")}
    assert "key=" not in "".join(seen.requests)


def test_figures_follow_load_and_death_of_worker(browser: Browser, chain: Chain, endpoint: Endpoint) -> None:
    worker = chain.worker("--engine", "checksum", "--set", "rtf=0.15")
    with opened_page(browser, locale="en-GB") as seen:
        page = seen.page
        page.goto(address(endpoint))
        live(page)
        expect(page.locator(".workers tbody tr")).to_have_count(1)
        expect(page.locator("h1:visible")).to_have_text("Ready: nobody is speaking")
        assert page.url == f"{endpoint.url}/dashboard"
        assert figure(page, "sessions") == figure(page, "throughput") == 0
        with speaking(endpoint):
            wait_until_sync(lambda: figure(page, "sessions") == SPEAKERS, "those who speak are there")
            wait_until_sync(lambda: figure(page, "throughput") > 0, "something is recognised")
            wait_until_sync(lambda: page.locator(".recent tbody tr").count() >= 5, "it is told what was")
            assert page.locator("[data-figure=throughput] path.line").get_attribute("d")
            queued, oldest = figure(page, "queue"), figure(page, "oldest")
            worker.kill()
            wait_until_sync(lambda: figure(page, "queue") > queued + SPEAKERS, "what is said now waits")
            wait_until_sync(lambda: figure(page, "oldest") > oldest + 2, "and for how long is to be seen")
            live(page)
        quiet(seen, endpoint)


def test_dashboard_asks_for_key(browser: Browser, endpoint: Endpoint) -> None:
    with opened_page(browser, locale="zh-CN") as seen:
        page = seen.page
        page.goto(f"{endpoint.url}/dashboard")
        field = page.get_by_label("密钥", exact=True)
        field.fill("another")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("网关不认识这个密钥")
        field.fill(KEY)
        field.press("Enter")
        live(page)
        assert seen.faults and all("401" in fault for fault in seen.faults)  # browsers log every such response


@pytest.mark.parametrize(("locale", "title"), [("en-GB", "Longest wait"), ("zh-CN", "最长等待")])
def test_dashboard_fits_a_phone(browser: Browser, endpoint: Endpoint, locale: str, title: str) -> None:
    with opened_page(browser, locale=locale, viewport=PHONE, is_mobile=True, has_touch=True) as seen:
        seen.page.goto(address(endpoint))
        live(seen.page)
        expect(seen.page.get_by_role("heading", name=title)).to_be_visible()
        assert seen.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        quiet(seen, endpoint)
