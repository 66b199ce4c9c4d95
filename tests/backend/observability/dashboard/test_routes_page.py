"""The page in a browser: its content in both languages and colour schemes, keys, and failures."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect

from protocol.monitor import BrokerState, Snapshot
from scripts.example_gateway import ExampleGateway, example_gateway
from scripts.example_hour import ExampleHour
from tests.helpers.browser import Seen, opened_page

pytestmark = pytest.mark.serial("browser")

KEY = "a key, + of tests"
HOUR = ExampleHour()
NOW = HOUR.snapshot()
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def gateway() -> Iterator[ExampleGateway]:
    with example_gateway(HOUR.timeline(), NOW) as gateway:
        yield gateway


def shown(seen: Seen, gateway: ExampleGateway, fragment: str = "") -> Page:
    """Open the page and wait for its data."""
    seen.page.goto(f"{gateway.url}/dashboard{fragment}")
    expect(seen.page.locator(".link")).to_have_attribute("data-phase", "live")
    expect(seen.page.locator(".workers tbody tr")).to_have_count(len(gateway.snapshot.workers))
    return seen.page


def flawless(seen: Seen, gateway: ExampleGateway) -> None:
    """Check that the console is empty and only the gateway was contacted."""
    assert seen.faults == []
    assert seen.hosts() == {gateway.url.removeprefix("http://")}
    assert "key=" not in "".join(seen.requests)


def rows(page: Page, table: str) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in page.locator(f".{table} tbody tr").all()]


def value(page: Page, figure: str) -> str:
    return page.locator(f"[data-figure={figure}] .value").inner_text()


# -- what it shows -----------------------------------------------------------------------------------------


def test_page_shows_all_figures(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB", timezone_id="UTC") as seen:
        seen.page.clock.set_fixed_time(datetime(2027, 3, 4, 10, 42, 30, tzinfo=UTC))
        page = shown(seen, gateway)
        expect(page.locator("h1:visible")).to_have_text("Everything is recognised at once")
        expect(page).to_have_title("Everything is recognised at once · kikipounamu")
        wanted = ("sessions", "oldest", "capacity", "rtf", "failed", "refused")
        assert [value(page, name) for name in wanted] == ["9", "0.3 s", "11 of 49", "0.24", "3", "0"]
        assert int(value(page, "throughput")) > 100 and value(page, "queue") == "0"
        first = " | ".join(rows(page, "workers")[0]).replace("\n", ", ")
        assert first == (
            "desktop-gpu, cuda:0 · SenseVoiceSmall | Recognising | 1 of 4 | 42× | 20 % | 2.7 GB | "
            "19 % · 3.2 GB | 51,250"
        )
        assert page.locator(".machine:visible h3").all_inner_texts() == [
            "Processor percent of one core", "Memory", "GPU", "GPU memory"
        ]  # fmt: skip
        curves = [page.locator(f".machine:nth-child({n}) path.line").count() for n in (1, 2, 3, 4)]
        assert curves == [4, 4, 1, 1]  # three workers and the gateway
        assert page.locator("[data-figure=failed] .bar").count() == 2  # minutes, with three failures
        recent = rows(page, "recent")
        assert len(recent) == 10 and recent[4][1] == "3e90c5f1 #165\nfailed: decode_timeout"
        assert recent[4][4:] == ["waiting 89 ms, recognising 222 ms, sending 6 ms", "317 ms"]
        page.get_by_role("button", name="Show all 50").click()
        expect(page.locator(".recent tbody tr")).to_have_count(50)
        assert "up for 2 d 4 h" in page.locator("footer").inner_text()
        flawless(seen, gateway)


def test_headline_and_level_follow_snapshot_at_once(browser: Browser, gateway: ExampleGateway) -> None:
    changes: list[tuple[dict[str, Any], str, str]] = [
        ({"backlog_s": 592.0}, "About 12 s to wait", "warn"),
        ({"workers": ()}, "No worker: what is said waits safely", "warn"),
        ({"sessions": 0}, "Ready: nobody is speaking", "good"),
        (
            {"totals": replace(NOW.totals, refused=NOW.totals.refused + 3)},
            "Everything is recognised at once",
            "good",
        ),
        ({"broker": BrokerState(False, "Valkey 9.1.2", True)}, "The broker is not connected", "bad"),
    ]
    with opened_page(browser, locale="en-GB") as seen:
        page = shown(seen, gateway)
        for change, sentence, level in changes:
            gateway.publish(replace(NOW, **change))
            expect(page.locator("h1:visible")).to_have_text(sentence)
            expect(page.locator(".headline")).to_have_attribute("data-level", level)
            expect(page.locator(".notes")).to_contain_text("3 refusals" if "totals" in change else "")
        expect(page.get_by_role("status")).to_have_text(changes[-1][1])  # for screen readers
        flawless(seen, gateway)


def test_worker_without_heartbeat_is_shown_as_silent(browser: Browser, gateway: ExampleGateway) -> None:
    first, *rest = NOW.workers
    for locale, said in (("en-GB", "No answer for 9 s"), ("zh-CN", "9 秒 没有应答")):
        gateway.publish(replace(NOW, workers=(replace(first, age_ms=9_000), *rest)))
        with opened_page(browser, locale=locale) as seen:
            page = shown(seen, gateway)
            silent = page.locator(f".workers tbody tr[title='{first.worker}']")
            expect(silent).to_have_attribute("data-state", "failed")
            expect(silent.locator("td").first).to_have_text(said)
            flawless(seen, gateway)


def test_page_of_new_gateway_has_no_odd_values(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.timeline = replace(gateway.timeline, uptime_s=1.0, moments=())
    empty = Snapshot("new", 1.0, BrokerState(True, "Valkey 9", False), 0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, (), ())
    gateway.publish(empty)
    with opened_page(browser, locale="en-GB") as seen:
        page = shown(seen, gateway)
        expect(page.locator("h1:visible")).to_have_text("No worker: what is said waits safely")
        expect(page.get_by_text("No worker is connected.")).to_be_visible()
        expect(page.get_by_text("Nothing has been recognised since the gateway started.")).to_be_visible()
        expect(page.get_by_text("a power cut could lose what waits")).to_be_visible()
        assert "NaN" not in page.content() and "undefined" not in page.content()
        flawless(seen, gateway)


# -- how it looks ------------------------------------------------------------------------------------------


def test_language_and_colours_follow_the_system_or_the_choice(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="zh-CN", color_scheme="dark") as seen:
        page = shown(seen, gateway)
        root = page.locator("html")
        expect(root).to_have_attribute("lang", "zh-CN")
        expect(root).to_have_attribute("data-theme", "dark")
        expect(page.locator("h1:visible")).to_have_text("说完即可识别，无需等待")
        page.get_by_label("语言").select_option("en")
        expect(page.locator("h1:visible")).to_have_text("Everything is recognised at once")
        page.get_by_label("Colours").select_option("light")
        expect(root).to_have_attribute("data-theme", "light")
        page.reload()
        expect(page.locator("h1:visible")).to_have_text("Everything is recognised at once")
        expect(root).to_have_attribute("lang", "en")
        expect(root).to_have_attribute("data-theme", "light")
        flawless(seen, gateway)


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_page_fits_phone_screen(browser: Browser, gateway: ExampleGateway, locale: str) -> None:
    name = "a-host-with-a-name-that-goes-on-and-on.internal"
    long = replace(NOW.workers[0], worker="w9", host=name, failed=1_234)
    gateway.publish(
        replace(NOW, workers=(*NOW.workers, long), queued=123_456, backlog_s=98_765.0, streams=12_345.6)
    )
    with opened_page(browser, locale=locale, viewport=PHONE, has_touch=True, is_mobile=True) as seen:
        page = shown(seen, gateway)
        wide = "[...document.querySelectorAll('body *')].filter((e) => !e.closest('.spoken, thead')"
        wide += " && e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.outerHTML.slice(0, 90))"
        assert page.evaluate(wide) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        flawless(seen, gateway)


def test_every_control_has_name_and_is_reachable_by_keyboard(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB", timezone_id="UTC", reduced_motion="reduce") as seen:
        page = shown(seen, gateway)
        controls = page.locator("button:visible, select:visible, [tabindex]:visible")
        reached = []
        for _ in range(controls.count()):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("(e => e.getAttribute('aria-label') || e.textContent)(document.activeElement)")
            )
        assert "" not in reached and len(set(reached)) == controls.count()
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert len(ids) == len(set(ids))
        assert page.evaluate("document.querySelectorAll('h1').length") == 1
        assert page.evaluate("document.getAnimations().length") == 0
        assert page.get_by_role("table").count() == 2
        names = page.get_by_role("table", name="Workers").get_by_role("columnheader").all_inner_texts()
        assert names[:3] == ["Worker", "State", "Slots"]


def test_arrow_keys_read_earlier_values(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB", timezone_id="UTC") as seen:
        page = shown(seen, gateway)
        sessions = page.get_by_role("slider", name="Sessions")
        assert sessions.get_attribute("aria-valuetext") == (
            "Sessions. Now 9, at most 24. Arrow keys read earlier values."
        )
        sessions.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        said = sessions.get_attribute("aria-valuetext") or ""
        assert said.startswith("Sessions at ") and int(said.rpartition(" ")[2]) > 2
        assert page.locator("line.cross").count() == 12  # the same time in every chart
        assert ": " in page.locator("[data-figure=oldest] .readout").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("line.cross").count() == 0


# -- keys --------------------------------------------------------------------------------------------------


def test_key_is_requested_kept_and_forgotten(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.key = KEY
    with opened_page(browser, locale="en-GB") as seen:
        page = seen.page
        page.goto(f"{gateway.url}/dashboard")
        field = page.get_by_label("Key", exact=True)
        expect(field).to_be_focused()
        expect(page.get_by_role("alert")).to_be_empty()
        field.fill("another")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("does not know this key")
        field.fill("ключ")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert")).to_contain_text("does not know this key")
        field.fill(f" {KEY} ")
        page.get_by_role("button", name="Open").click()
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")
        page.reload()
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")
        page.get_by_role("button", name="Forget the key").click()
        expect(field).to_be_visible()
        page.reload()
        expect(field).to_be_visible()
        assert seen.faults and all("401" in fault for fault in seen.faults)  # browsers log every such response
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_key_in_address_is_removed_and_never_requested(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.key = KEY
    with opened_page(browser, locale="en-GB") as seen:
        page = shown(seen, gateway, "#key=a%20key%2C%20%2B%20of%20tests")
        assert page.url == f"{gateway.url}/dashboard"
        assert page.evaluate("history.length") == 2  # about:blank and this page
        flawless(seen, gateway)
        with opened_page(browser, locale="en-GB") as other:  # tabs do not share the key
            other.page.goto(f"{gateway.url}/dashboard")
            expect(other.page.get_by_label("Key", exact=True)).to_be_visible()


def test_key_without_permission_shows_message(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.refusal = 403
    with opened_page(browser, locale="zh-CN") as seen:
        seen.page.goto(f"{gateway.url}/dashboard#key=worker")
        expect(seen.page.get_by_role("alert")).to_contain_text("这个密钥不能打开仪表盘")


# -- trouble -----------------------------------------------------------------------------------------------


def test_page_waits_for_free_place(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.refusal = 429
    with opened_page(browser, locale="en-GB") as seen:
        seen.page.goto(f"{gateway.url}/dashboard")
        expect(seen.page.locator("h1:visible")).to_have_text("Too many people watch at the moment")
        gateway.refusal = 0
        expect(seen.page.locator(".link")).to_have_attribute("data-phase", "live")


def test_page_continues_with_restarted_gateway(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB") as seen:
        page = shown(seen, gateway)
        gateway.refusal = 503
        with page.expect_response(lambda answer: answer.status == 503):
            gateway.publish(cut=True)
        expect(page.locator("h1:visible")).to_have_text("The gateway does not respond")
        expect(page.locator(".workers tbody tr")).to_have_count(3)  # known data stays visible
        gateway.timeline = replace(gateway.timeline, uptime_s=2.0, moments=(), gateway="another")
        gateway.snapshot = replace(NOW, gateway="another", uptime_s=2.0, totals=replace(NOW.totals, failed=0))
        gateway.refusal = 0
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")
        expect(page.locator("footer")).to_contain_text("up for 2 s")
        line = page.locator("[data-figure=sessions] path.line").get_attribute("d") or ""
        assert line.count("M") == 2 and value(page, "failed") == "3"  # this hour, from both gateways
        assert seen.faults and all("503" in fault for fault in seen.faults)


def test_old_data_is_marked_late_then_lost(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB") as seen:
        seen.page.clock.install()
        page = shown(seen, gateway)
        gateway.silent = True
        page.clock.run_for(7_000)
        expect(page.locator(".link")).to_have_attribute("data-phase", "late")
        expect(page.locator(".link")).to_contain_text("Last heard")
        page.clock.run_for(10_000)
        expect(page.locator(".link")).to_have_attribute("data-phase", "lost")
        gateway.silent = False
        page.clock.run_for(2_000)
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")


HIDE = """(state) => {
  Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def test_key_prompt_survives_hidden_page(browser: Browser, gateway: ExampleGateway) -> None:
    gateway.key = KEY
    with opened_page(browser, locale="en-GB") as seen:
        seen.page.clock.install()
        page = seen.page
        page.goto(f"{gateway.url}/dashboard")
        field = page.get_by_label("Key", exact=True)
        expect(field).to_be_visible()
        page.evaluate(HIDE, "hidden")
        page.clock.run_for(61_000)
        page.evaluate(HIDE, "visible")
        page.clock.run_for(2_000)  # the page is drawn again
        field.fill(KEY)
        field.press("Enter")
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")


def test_hidden_page_gives_up_its_place(browser: Browser, gateway: ExampleGateway) -> None:
    with opened_page(browser, locale="en-GB") as seen:
        seen.page.clock.install()
        page = shown(seen, gateway)
        page.evaluate(HIDE, "hidden")
        page.clock.fast_forward(61_000)  # step by step it would miss the gateway's seconds, and connect again
        expect(page.locator(".link")).to_have_attribute("data-phase", "asleep")
        before = gateway.watched
        page.clock.run_for(61_000)
        assert gateway.watched == before
        page.evaluate(HIDE, "visible")
        expect(page.locator(".link")).to_have_attribute("data-phase", "live")
        assert gateway.watched == before + 1
        flawless(seen, gateway)
