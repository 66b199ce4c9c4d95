"""Bytes, speed and remaining time from the events of an installation."""

import pytest

from app.models.events import DownloadMeter
from speech.models.errors import SourceRefusal
from speech.models.progress import Advanced, Checked, Fetching, SourceRefused, Stating


def test_meter_counts_bytes_already_present() -> None:
    meter = DownloadMeter(100, {"a": 30})
    assert meter.done == 30
    meter.take(Fetching("b", "hub", 70), 0.0)
    meter.take(Advanced("b", 20, 70), 0.5)
    assert (meter.done, meter.source) == (50, "hub")
    meter.take(SourceRefused(SourceRefusal("hub", "b", "gone")), 0.6)
    assert meter.done == 50


def test_speed_covers_last_seconds_of_current_source() -> None:
    meter = DownloadMeter(1000)
    assert meter.speed(0.0) is None and meter.left_s(0.0) is None
    meter.take(Fetching("a", "hub", 1000), 0.0)
    for second in range(1, 11):
        meter.take(Advanced("a", 10 * second, 1000), float(second))
    assert meter.speed(10.0) == pytest.approx(10)
    assert meter.left_s(10.0) == pytest.approx(90)
    meter.take(Fetching("a", "mirror", 1000), 10.5)
    assert meter.speed(10.5) is None, "another source"
    meter.take(Advanced("a", 300, 1000), 11.5)
    assert meter.speed(11.5) == pytest.approx(200)


def test_remaining_time_is_unknown_when_download_stalls() -> None:
    meter = DownloadMeter(1000)
    meter.take(Advanced("a", 100, 1000), 0.0)
    assert meter.speed(60.0) == 0
    assert meter.left_s(60.0) is None


def test_meter_counts_contents_of_wheels_once() -> None:
    meter = DownloadMeter(100, {"one.whl": 50}, frozenset({"two"}))
    meter.take(Advanced("two", 40, 45), 0.0)
    assert meter.done == 90
    meter.take(Advanced("weights.bin", 60, 100), 0.0)
    assert meter.done == 90
    meter.take(Advanced("weights.bin", 100, 100), 0.0)
    assert meter.done == 100


def test_meter_takes_size_from_hub_and_progress_from_check() -> None:
    meter = DownloadMeter(1_000_000)
    meter.take(Stating("m", "hub", 3, 200), 0.0)
    meter.take(Checked("m", 150, 200), 0.0)
    assert (meter.size, meter.done) == (200, 150)
    meter.take(Checked("m", 400, 200), 0.0)
    assert meter.done == 200
