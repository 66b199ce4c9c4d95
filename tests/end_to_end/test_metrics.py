"""Test the metrics of a gateway and a worker under load: always valid, and finally correct."""

import asyncio
from pathlib import Path

import aiohttp

from benchmarks.speakers import run_speakers
from tests.helpers.chain import KEY, running_chain
from tests.helpers.ports import free_port
from tests.helpers.prometheus import OPENMETRICS, Figures, figures
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SESSIONS, SEGMENTS, SECONDS = 8, 3, 1.5
COUNT = SESSIONS * SEGMENTS


class Prometheus:
    """A scraper of several URLs that alternates between both formats."""

    def __init__(self, http: aiohttp.ClientSession, *urls: str) -> None:
        self._http = http
        self._urls = urls
        self.scrapes = 0

    async def scrape(self) -> list[Figures]:
        """Return the metrics of each URL."""
        self.scrapes += 1
        accept = OPENMETRICS if self.scrapes % 2 else "text/plain"
        headers = {"Authorization": f"Bearer {KEY}", "Accept": accept}
        found = []
        for url in self._urls:
            async with self._http.get(f"{url}/metrics", headers=headers) as response:
                assert response.status == 200
                found.append(figures(await response.read(), response.headers["Content-Type"]))
        return found

    async def watch(self, over: asyncio.Event) -> float:
        """Scrape continuously, and return the largest number of pending segments."""
        most = 0.0
        while not over.is_set():
            gateway, _ = await self.scrape()
            most = max(most, gateway["kikipounamu_pending_segments"][()])
        return most


async def test_metrics_are_valid_under_load_and_equal_sent_segments(tmp_path: Path, broker: Broker) -> None:
    port = free_port()
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", "checksum", "--set", "rtf=0.02", "--metrics", str(port))
        async with aiohttp.ClientSession() as http:
            prometheus = Prometheus(http, endpoint.url, f"http://127.0.0.1:{port}")

            async def works() -> bool:
                try:
                    gateway, worker = await prometheus.scrape()
                except aiohttp.ClientConnectionError:
                    return False
                return (
                    gateway["kikipounamu_workers"]["idle",] == 1
                    and worker["kikipounamu_worker_state"]["idle",] == 1
                )

            await wait_until(works, "the worker is seen")
            over = asyncio.Event()
            watching = asyncio.create_task(prometheus.watch(over))
            tally = await run_speakers(endpoint, SESSIONS, SEGMENTS, seconds=SECONDS, pace=0.2)
            over.set()
            assert await watching > 0 and prometheus.scrapes > 2

            async def counted() -> list[Figures] | None:
                found = await prometheus.scrape()
                return found if sum(found[1]["kikipounamu_worker_jobs_total"].values()) == COUNT else None

            gateway, worker = await wait_until(
                counted, "the worker, who counts after it has told, has counted all"
            )
    assert (tally.right, tally.wrong, tally.failed, tally.twice) == (COUNT, 0, 0, 0)
    agrees(gateway)
    worked(worker)


def agrees(gateway: Figures) -> None:
    """Assert that the gateway's metrics equal the sent segments."""
    assert gateway["kikipounamu_segments_total"] == {("", "final"): COUNT, ("", "cancelled"): 0}
    assert gateway["kikipounamu_audio_received_seconds_total"] == {(): COUNT * SECONDS}
    assert gateway["kikipounamu_audio_recognised_seconds_total"] == {(): COUNT * SECONDS}
    for stage in ("upload", "queue", "decode", "deliver"):
        assert gateway["kikipounamu_segment_stage_seconds_count"][stage,] == COUNT
    assert gateway["kikipounamu_hellos_total"]["false",] == SESSIONS
    assert not any(gateway["kikipounamu_refusals_total"].values())
    assert gateway["kikipounamu_pending_segments"] == {(): 0}


def worked(worker: Figures) -> None:
    """Assert that the worker's metrics equal its jobs."""
    jobs = {outcome: count for outcome, count in worker["kikipounamu_worker_jobs_total"].items() if count}
    assert jobs == {("final",): COUNT}
    assert worker["kikipounamu_worker_audio_seconds_total"] == {(): COUNT * SECONDS}
    assert worker["kikipounamu_worker_decode_seconds_count"] == {(): COUNT}
    assert worker["kikipounamu_worker_engine_process_cpu_seconds_total"][()] > 0
    assert 0 < worker["kikipounamu_worker_rtf"][()] < 1
