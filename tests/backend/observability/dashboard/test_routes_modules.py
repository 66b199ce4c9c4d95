"""Calculations of the page, run in the browser: rates, the hour, the headline, scales, keys."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.backend.observability.dashboard.conftest import run

pytestmark = pytest.mark.serial("browser")

NOW = 1_800_000_000_000  # ms
TOTALS = {"final": 0, "failed": 0, "audio_s": 0.0, "refused": 0, "partials": 0}
LOAD = {"cpu_percent": 1.0, "memory_bytes": 1}


def moment(at_s: float, queued: int = 0, **totals: float) -> dict[str, Any]:
    figures = {"queued": queued, "backlog_s": queued * 2.0, "oldest_s": 0.0, "sessions": 1, "streams": 4.0}
    return {"at_s": at_s, **figures, "totals": TOTALS | totals, "load": LOAD, "workers": []}


def snapshot(uptime_s: float, queued: int = 0, gateway: str = "g", **totals: float) -> dict[str, Any]:
    return moment(0, queued, **totals) | {"gateway": gateway, "uptime_s": uptime_s}


# -- events ------------------------------------------------------------------------------------------------

STREAM = (
    'event: snapshot\ndata: {"a":1}\n\n: a comment\n\nevent: segment\r\ndata: é\r\ndata:two\r\n\r\ndata: 3\n\n'
)
EVENTS = [
    {"name": "snapshot", "data": '{"a":1}'},
    {"name": "segment", "data": "é\ntwo"},
    {"name": "message", "data": "3"},
]


def test_events_are_parsed_with_stream_split_anywhere(page: Page) -> None:
    body = """const cut = (...places) => {
      const reader = new m.EventReader(), ends = [...places, a.length];
      return ends.flatMap((end, n) => reader.take(a.slice(n ? ends[n - 1] : 0, end)));
    };
    return [...a].map((_, place) => cut(place)).concat([cut(...a.split("").keys())]);"""
    assert all(events == EVENTS for events in run(page, "events", body, STREAM))


def test_endless_event_is_refused(page: Page) -> None:
    body = "try { new m.EventReader().take('x'.repeat(5 << 20)); } catch (e) { return e.name; }"
    assert run(page, "events", body) == "RangeError"


# -- the last hour -----------------------------------------------------------------------------------------

HOUR = """const h = new m.History();
for (const [kind, event, now] of a) kind === "timeline" ? h.takeTimeline(event, now) : h.takeSnapshot(event, now);
return h.points.map((one) => [Math.round((one.t - 1800000000000) / 1000), one.epoch, one.gap, one.queued]);"""


def timeline(uptime_s: float, *moments: dict[str, Any], step_s: float = 10.0, gateway: str = "") -> dict[str, Any]:
    return {"uptime_s": uptime_s, "step_s": step_s, "moments": list(moments), "gateway": gateway}


def test_snapshots_continue_the_timeline(page: Page) -> None:
    events = [
        ["timeline", timeline(100, moment(80, 3), moment(90, 2)), NOW],
        ["snapshot", snapshot(101, 5), NOW + 1_000],
        ["snapshot", snapshot(102, 1), NOW + 2_000],
        ["snapshot", snapshot(111, 0), NOW + 11_000],
    ]
    points = run(page, "history", HOUR, events)
    assert points == [[-20, 0, True, 3], [-10, 0, False, 2], [2, 0, False, 5], [11, 0, False, 0]]


def test_restarted_gateway_begins_new_epoch(page: Page) -> None:
    for name, uptime_s in (("", 1), ("another", 115)):  # detected by uptime without a name, else by name
        events = [
            ["timeline", timeline(100, moment(90, 2)), NOW],
            ["snapshot", snapshot(101, 5), NOW + 1_000],
            ["snapshot", snapshot(uptime_s, 7, name), NOW + 15_000],
        ]
        points = run(page, "history", HOUR, events)
        assert points == [[-10, 0, True, 2], [1, 0, False, 5], [15, 1, True, 7]]


def test_delayed_snapshot_belongs_to_same_epoch(page: Page) -> None:
    events = [
        ["timeline", timeline(100, moment(90, 2), gateway="g"), NOW],
        ["snapshot", snapshot(101, 5), NOW + 1_000],
        ["snapshot", snapshot(106, 7), NOW + 20_000],  # 14 s late
        ["timeline", timeline(121, moment(90, 2), moment(100, 4), moment(110, 9), gateway="g"), NOW + 21_000],
        ["timeline", timeline(3, moment(1, 8), gateway="another"), NOW + 33_000],
    ]
    points = run(page, "history", HOUR, events)
    assert points == [[-10, 0, True, 2], [0, 0, False, 4], [10, 0, False, 9], [31, 1, True, 8]]


def test_new_timeline_fills_the_gap_after_reconnect(page: Page) -> None:
    events = [
        ["timeline", timeline(100, moment(90, 2)), NOW],
        ["snapshot", snapshot(101, 5), NOW + 1_000],
        ["timeline", timeline(160, moment(90, 2), moment(100, 4), moment(140, 9), step_s=40), NOW + 60_000],
    ]
    assert run(page, "history", HOUR, events) == [[-10, 0, True, 2], [0, 0, False, 4], [40, 0, False, 9]]


def test_pause_without_data_is_a_gap(page: Page) -> None:
    events = [["snapshot", snapshot(100), NOW], ["snapshot", snapshot(160), NOW + 60_000]]
    assert [point[2] for point in run(page, "history", HOUR, events)] == [True, True]


def test_points_older_than_an_hour_are_dropped(page: Page) -> None:
    events = [["snapshot", snapshot(1 + n * 60.0), NOW + n * 60_000] for n in range(70)]
    points = run(page, "history", HOUR, events)
    assert points[0][0] >= 8 * 60 and points[-1][0] == 69 * 60


@pytest.mark.parametrize(("minutes", "span"), [(0, 5), (5, 5), (6, 15), (20, 30), (31, 60), (60, 60)])
def test_span_fits_known_points(page: Page, minutes: int, span: int) -> None:
    assert run(page, "history", "return m.spanOf([{t: 0}], a * 60000)", minutes) == span * 60_000


# -- rates -------------------------------------------------------------------------------------------------


def points(*moments: tuple[float, float], epochs: dict[int, int] | None = None, at_s: float = 9_000) -> list[Any]:
    """Return points with these totals at these seconds; ``epochs``: new epoch by place."""
    made, epoch = [], 0
    for place, (second, audio_s) in enumerate(moments):
        epoch = (epochs or {}).get(place, epoch)
        gap = place == 0 or place in (epochs or {})
        totals = TOTALS | {"audio_s": audio_s}
        made.append({"t": second * 1_000, "epoch": epoch, "gap": gap, "at_s": at_s + second, "totals": totals})
    return made


def test_rate_covers_time_before_its_point(page: Page) -> None:
    moments = points((0, 0), (10, 20), (20, 40), (30, 60), (40, 60), (50, 60), (60, 60), (70, 60))
    rates = run(page, "rates", "return m.rates(a, 'audio_s', 30000)", moments)
    assert rates == [None, 2, 2, 2, pytest.approx(4 / 3), pytest.approx(2 / 3), 0, 0]


def test_rate_never_spans_a_restart(page: Page) -> None:
    moments = points((0, 500), (10, 520), (20, 4), (30, 14), epochs={2: 1})
    assert run(page, "rates", "return m.rates(a, 'audio_s')", moments) == [None, 2, None, 1]


def test_growth_adds_both_sides_of_a_restart(page: Page) -> None:
    moments = points((0, 500), (10, 520), (20, 4), (90, 14), epochs={2: 1})
    assert run(page, "rates", "return m.grown(a, 'audio_s', 0)", moments) == 34
    assert run(page, "rates", "return m.grown(a, 'audio_s', 15000)", moments) == 14
    assert run(page, "rates", "return m.byMinute(a, 'audio_s')", moments) == [
        {"t": 0, "value": 24},
        {"t": 60_000, "value": 10},
    ]


@pytest.mark.parametrize(("at_s", "of_the_hour"), [(5, 9), (1_800, 2)])
def test_growth_counts_only_this_hour(page: Page, at_s: float, of_the_hour: float) -> None:
    body = "return [m.grown(a, 'audio_s', 0), m.byMinute(a, 'audio_s')]"
    moments = run(page, "rates", body, points((0, 7), (10, 9), at_s=at_s))
    assert moments == [of_the_hour, [{"t": 0, "value": of_the_hour}]]


def test_real_time_factor_is_mean_of_measured_workers(page: Page) -> None:
    speeds = [{"speed": 10}, {"speed": 2}, {"speed": 0}]
    assert run(page, "rates", "return m.rtf(a)", speeds) == pytest.approx(0.3)
    assert run(page, "rates", "return m.rtf(a)", [{"speed": 0}]) is None


# -- the sentence ------------------------------------------------------------------------------------------


def fleet(
    *states: str, up: bool = True, memory: float = 0.1, backlog_s: float = 0.0, **more: Any
) -> dict[str, Any]:
    workers = [{"state": state} for state in states]
    figures = {"sessions": 1, "queued": 0, "oldest_s": 0.0, "streams": 2.0, "backlog_s": backlog_s}
    return {"broker": {"up": up, "memory": memory}, "workers": workers, **figures, **more}


@pytest.mark.parametrize(
    ("shown", "phase", "refused", "key", "level"),
    [
        (None, "connecting", 0, "connecting", "unknown"),
        (None, "lost", 0, "lost", "bad"),
        (fleet("busy"), "lost", 0, "lost", "bad"),
        (fleet("busy"), "crowded", 0, "crowded", "unknown"),
        (fleet("busy", up=False), "live", 3, "broker", "bad"),
        (fleet(), "live", 0, "noWorker", "warn"),
        (fleet("failed", "draining"), "live", 0, "noWorker", "warn"),
        (fleet("failed", "starting"), "live", 0, "starting", "warn"),
        (fleet("idle"), "live", 2, "atOnce", "good"),  # refusals of keys, not for lack of capacity
        (fleet("idle", backlog_s=24.0), "live", 2, "refusing", "warn"),
        (fleet("idle", memory=0.7), "live", 2, "refusing", "warn"),
        (fleet("idle"), "live", 0, "atOnce", "good"),
        (fleet("busy", backlog_s=1.9), "live", 0, "atOnce", "good"),
        (fleet("busy", backlog_s=2.0), "live", 0, "wait", "good"),
        (fleet("busy", backlog_s=24.0), "live", 0, "wait", "warn"),
        (fleet("busy", oldest_s=45.0), "live", 0, "slow", "warn"),
        (fleet("busy", backlog_s=60.0, oldest_s=45.0), "live", 0, "wait", "warn"),
        (fleet("idle", sessions=0), "live", 0, "ready", "good"),
        (fleet("idle", sessions=0, queued=1), "live", 0, "atOnce", "good"),
    ],
)
def test_headline_follows_state_of_gateway(
    page: Page, shown: Any, phase: str, refused: int, key: str, level: str
) -> None:
    verdict = run(page, "judge", "return m.judge(...a)", [shown, phase, refused])
    assert (verdict["key"], verdict["level"]) == (f"how.{key}", level)


def test_headline_wait_is_backlog_divided_by_speed(page: Page) -> None:
    verdict = run(page, "judge", "return m.judge(a, 'live', 0)", fleet("busy", backlog_s=24.0))
    assert verdict["values"] == {"seconds": 12}


# -- drawing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.2, 1), (1, 1), (1.2, 1.5), (7, 8), (10, 10), (21, 30), (340, 400), (1001, 1500)]
)
def test_scale_ends_at_round_number(page: Page, value: float, top: float) -> None:
    assert run(page, "scale", "return m.ceiling(a)", value) == top


def test_memory_scale_ends_at_round_number_of_its_unit(page: Page) -> None:
    assert run(page, "scale", "return m.ceiling(2.7 * 2 ** 30, 2 ** 29, 2 ** 29) / 2 ** 30") == 3


def test_line_is_interrupted_at_gaps(page: Page) -> None:
    spots = [{"t": 0, "value": 0}, {"t": 1, "value": 5}, {"t": 2, "value": None}, {"t": 3, "value": 5}]
    spots += [{"t": 4, "value": 2, "gap": True}, {"t": 5, "value": 2}]
    body = """const x = m.linear(0, 5, 0, 50), y = m.linear(0, 5, 100, 0);
    return [m.linePath(a, x, y), m.areaPath(a, x, y, 100)];"""
    line, area = run(page, "scale", body, spots)
    assert line == "M0,100L10,0h0M30,0h0M40,60L50,60h0"
    assert area == "M0,100L0,100L10,0L10,100ZM30,100L30,0L30,100ZM40,100L40,60L50,60L50,100Z"


def test_chart_draws_the_curves_of_a_large_fleet(page: Page) -> None:
    body = """const chart = new m.Chart(new m.Crosshair());
    chart.element.style.cssText = "display: block; width: 300px; height: 100px";
    document.body.append(chart.element);
    const spots = Array.from({length: 720}, (_, t) => ({t, value: 1}));
    const series = Array.from({length: a}, () => ({name: "w", look: "line", spots}));
    chart.show({from: 0, to: 719, series, read: String, clock: String, spoken: () => ""});
    for (let turn = 0; turn < 100 && !chart.element.querySelector("path"); turn += 1) {
      await new Promise(requestAnimationFrame);
    }
    const drawn = chart.element.querySelectorAll("path.line").length;
    chart.element.remove();
    return drawn;"""
    assert run(page, "chart", body, 300) == 300


def test_time_ticks_are_at_round_local_times(page: Page) -> None:
    body = "return m.timeTicks(a, a + 3600000, 4).map((t) => new Date(t).toTimeString().slice(0, 5))"
    marks = run(page, "scale", body, NOW)
    assert marks == ["21:00", "21:15", "21:30", "21:45", "22:00"]


def test_worker_keeps_its_colour(page: Page) -> None:
    body = "const h = new m.Hues(); return a.map((names) => [...h.of(names)])"
    first, second, third = run(page, "machines", body, [["a", "b"], ["b"], ["c", "b", *"defghi"]])
    assert first == [["a", "hue-1"], ["b", "hue-2"]] and second == [["b", "hue-2"]]
    assert dict(third)["b"] == "hue-2" and dict(third)["c"] == "hue-1"
    assert [hue for _, hue in third].count("hue-more") == 2


def test_worker_names_are_distinct(page: Page) -> None:
    body = """const n = new m.Names();
    n.learn({workers: a});
    return [...a.map((one) => n.of(one.worker)), n.of('0123456789abcdef')];"""
    known = [
        ("1", "desk", "cuda:0"),
        ("2", "desk", "cpu"),
        ("3", "lab", "cpu"),
        ("4", "den", "cpu"),
        ("5", "den", "cpu"),
    ]
    workers = [{"worker": worker, "host": host, "device": device} for worker, host, device in known]
    names = ["desk · cuda:0", "desk · cpu", "lab", "den · cpu #1", "den · cpu #2", "0123456789ab"]
    assert run(page, "machines", body, workers) == names


# -- keys and pauses ---------------------------------------------------------------------------------------

KEPT = """const kept = new Map([["kikipounamu.key", "old"]]), said = [];
const shelf = {
  getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k)
};
return [m.takeKey({hash: a, pathname: "/x/dashboard", search: "?y"}, shelf, (url) => said.push(url)), said];"""


@pytest.mark.parametrize(
    ("fragment", "key", "readdressed"),
    [
        ("", "old", []),
        ("#other=1", "old", []),
        ("#key=n-e_w", "n-e_w", ["/x/dashboard?y"]),
        ("#key=a%20b%2Bc+d", "a b+c+d", ["/x/dashboard?y"]),
        ("#key=100%", "100%", ["/x/dashboard?y"]),
        ("#key=", "", ["/x/dashboard?y"]),
    ],
)
def test_key_is_removed_from_address(page: Page, fragment: str, key: str, readdressed: list[str]) -> None:
    assert run(page, "key", KEPT, fragment) == [key, readdressed]


@pytest.mark.parametrize(
    ("key", "can"), [("a", True), ("a b", True), ("ключ", False), ("a\nb", False), ("", False)]
)
def test_only_keys_valid_in_a_header_are_sent(page: Page, key: str, can: bool) -> None:
    assert run(page, "key", "return m.sendable(a)", key) is can


def test_retry_pauses_grow_to_limit_with_jitter(page: Page) -> None:
    body = "return [1, 2, 3, 4, 5, 6, 7, 99].map((n) => [m.pause(n, 0), m.pause(n, 1)])"
    pauses = run(page, "feed", body)
    assert [most for _, most in pauses] == [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
    assert all(least * 2 == most for least, most in pauses)
