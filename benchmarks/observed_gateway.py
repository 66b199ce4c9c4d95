"""Gateway for ``benchmarks.observing``, run like ``kikipounamu-gateway serve`` and controlled by its input.

on, off   switch the observers of sessions on or off; answered by the CPU seconds of this process so far
cost      measure the cost of observing one segment, and of one scrape; answered by JSON
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

import uvloop

from backend.configuration import Configuration, settings_of
from backend.gateway import Gateway
from backend.observability.exposition import GatewayCollector, exposition, registry_of
from backend.observability.metrics import GatewayReading
from backend.running_gateway import running_gateway
from backend.sessions.observers import Conclusion
from backend.sessions.segments import SegmentHistory
from protocol.job import JobKind
from protocol.recognition import Timing
from protocol.session import Final, Partial, Queued
from runtime.folders import folders
from runtime.histogram import Histogram
from runtime.logs import logging_to
from runtime.memory import collect_seldom
from tests.helpers.chain import KEY

_ROUNDS = 2_000
_SCRAPES = 50
_DRAIN_S = 1.0


async def _cpu_of(act: Callable[[], object], rounds: int) -> float:
    """Return the CPU seconds of one round, including delayed work of other threads, less the idle load."""
    before = time.process_time()
    await asyncio.sleep(_DRAIN_S)
    anyway = time.process_time() - before
    before = time.process_time()
    for _ in range(rounds):
        act()
    await asyncio.sleep(_DRAIN_S)
    return max(0.0, time.process_time() - before - anyway) / rounds


async def _costs(gateway: Gateway) -> dict[str, float]:
    observers, now = gateway.observers, time.monotonic()
    history = SegmentHistory(64_000, 0, now, now, now, 0.0, 0, early=False)
    final = Final(0, "a text of some words", model="checksum", worker="w" * 30, timing=Timing(4_000, 20, 300, 2))
    numbers = iter(range(10**9))

    def segment() -> None:
        session = f"session-{next(numbers) % 500}"
        observers.message_sent(session, Queued(0))
        observers.concluded((Conclusion(session, "", final, history, now, time.time()),))

    def partial() -> None:
        observers.attempted(JobKind.HYPOTHESISE, True)
        observers.message_sent("s", Partial(0, 1, "a text"))

    def look() -> GatewayReading:
        return gateway.monitor.now(gateway.hub, gateway.access.meter.audio_s, draining=False)

    round_trips = Histogram()
    registry = registry_of(GatewayCollector(gateway.metrics, round_trips, gateway.hub.settings.admission, look))

    return {
        "segment_s": await _cpu_of(segment, _ROUNDS),
        "partial_s": await _cpu_of(partial, _ROUNDS),
        "scrape_s": await _cpu_of(lambda: exposition(registry, ""), _SCRAPES),
        "snapshot_s": await _cpu_of(lambda: gateway.monitor.snapshot(gateway.hub), _SCRAPES),
        "sessions": float(len(gateway.hub.hosted)),
    }


async def _obey(gateway: Gateway) -> None:
    observers = gateway.observers.listening
    while line := await asyncio.to_thread(sys.stdin.readline):
        match line.strip():
            case "on":
                gateway.observers.listening = observers
                answer: object = time.process_time()
            case "off":
                gateway.observers.listening = ()
                answer = time.process_time()
            case _:
                answer = await _costs(gateway)
        print(json.dumps(answer), flush=True)


async def _serve() -> None:
    here = folders()
    async with running_gateway(settings_of(Configuration(), here, KEY)) as gateway:
        collect_seldom()
        print(json.dumps({"url": gateway.url, "socket": str(here.broker_socket)}), flush=True)
        await _obey(gateway)


def main() -> None:
    """Serve until the input ends."""
    with logging_to("gateway", folders().logs), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())


if __name__ == "__main__":
    main()
