"""Worker metrics over HTTP: counted values, served until the context ends."""

import socket
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from protocol.engine import EngineInfo
from protocol.monitor import WorkerState
from tests.helpers.prometheus import OPENMETRICS, Figures, figures
from tests.worker.deliveries import delivery
from worker.core.errors import MetricsUnavailable
from worker.core.tally import FINAL, WorkerReading, WorkerTally
from worker.exposition import MetricsAddress, read_place, serving

HERE = MetricsAddress("127.0.0.1", 0)
INFO = EngineInfo("whisper", "small", "cuda", slots=4)


def scrape(port: int, accept: str = "*/*") -> Figures:
    request = Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept": accept})
    with urlopen(request, timeout=30) as response:
        return figures(response.read(), response.headers["Content-Type"])


@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS])
def test_metrics_report_counts_and_state(accept: str) -> None:
    tally = WorkerTally()
    tally.count_batch([delivery(0), delivery(1)], 0.5)
    tally.count_job(FINAL, 2.5)
    tally.count_job("lost")
    tally.partials, tally.returns = 3, 2
    now = WorkerReading(WorkerState.BUSY, INFO, 2, 5.0, 3, None)
    with serving(HERE, "w", tally, lambda: now) as port:
        found = scrape(port, accept)
    of = "kikipounamu_worker_"
    jobs = found[of + "jobs_total"]
    assert (jobs["final",], jobs["lost",], jobs["dead",], jobs["not wanted",]) == (1, 1, 0, 0)
    assert found[of + "state"]["busy",] == 1 and sum(found[of + "state"].values()) == 1
    assert found[of + "decode_seconds_count"] == {(): 2} and found[of + "decode_seconds_sum"] == {(): 1.0}
    assert found[of + "batch_size_bucket"]["1.0",] == 0 and found[of + "batch_size_bucket"]["2.0",] == 1
    for name, value in {
        "audio_seconds_total": 2.5,
        "partials_total": 3,
        "leases_lost_total": 1,
        "broker_returns_total": 2,
        "engine_restarts_total": 2,
        "slots": 4,
        "busy_slots": 2,
        "speed": 5.0,
        "rtf": 0.2,
    }.items():
        assert found[of + name] == {(): value}, name
    (about,) = found[of.removesuffix("_") + "_info"]
    assert {"w", "whisper", "small", "cuda"} <= set(about)
    assert found["process_resident_memory_bytes"][()] > 1_000_000
    assert of + "engine_process_resident_memory_bytes" not in found, "no engine runs"


def test_metrics_omit_speed_before_the_first_decode() -> None:
    now = WorkerReading(WorkerState.STARTING, INFO, 0, 0.0, 0, None)
    with serving(HERE, "w", WorkerTally(), lambda: now) as port:
        found = scrape(port)
    assert "kikipounamu_worker_speed" not in found and "kikipounamu_worker_rtf" not in found
    assert found["kikipounamu_worker_engine_restarts_total"] == {(): 0}


def test_metrics_server_ends_despite_an_idle_connection() -> None:
    now = WorkerReading(WorkerState.IDLE, INFO, 0, 0.0, 1, None)
    with serving(HERE, "w", WorkerTally(), lambda: now) as port, socket.create_connection(("127.0.0.1", port)):
        scrape(port)
    with pytest.raises(URLError):
        scrape(port)


def test_metrics_address_in_use_is_reported() -> None:
    now = WorkerReading(WorkerState.IDLE, INFO, 0, 0.0, 1, None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = MetricsAddress("127.0.0.1", taken.getsockname()[1])
        with (
            pytest.raises(MetricsUnavailable, match=str(place.port)),
            serving(place, "w", WorkerTally(), lambda: now),
        ):
            pass


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("9101", MetricsAddress("127.0.0.1", 9101)),
        (":9101", MetricsAddress("127.0.0.1", 9101)),
        ("0.0.0.0:9101", MetricsAddress("0.0.0.0", 9101)),
        ("[::1]:9101", MetricsAddress("::1", 9101)),
        ("tower:9101", MetricsAddress("tower", 9101)),
    ],
)
def test_read_place_accepts_hosts_and_ports(text: str, place: MetricsAddress) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "here", "here:", "1.2.3.4:99999", "1.2.3.4:-1"])
def test_read_place_rejects_invalid_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        read_place(text)
