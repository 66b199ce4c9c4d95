"""Placement in a mixed fleet: the cost of light work on a graphics card for people who wait for finals.

    python -m benchmarks.placement [--speakers 30] [--seconds 20] [--rounds 3] [--json FILE]

A real gateway with its embedded broker, and workers with the checksum engine: a "card" that decodes up to 16
segments in one call, and a "processor". Light work is partials, speculations (all of them right) and submitted
files, some of which always wait. Every digest is checked. Each row is one kind of work on one fleet; rows take
turns. ``p50_ms`` and ``p95_ms``: from the end of a segment to its final. ``on_card``: share of the finals that the
card made. ``partials``: for each segment. ``files``: seconds of files recognised per second. Of the rows with the
card alone, each differs from the first by the most that moving its other work could gain.
"""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import Any, Final
from uuid import uuid4

import aiohttp

from benchmarks.programs import temporary_chain
from benchmarks.report import arguments, report
from client.connection import Address, fixed_locator
from client.events import ClientEvent
from client.gateway import GatewayClient
from loadtest.core.gateway import WORKERS, answer
from loadtest.measurement.figures import percentile
from loadtest.measurement.tally import TallyRecorder
from loadtest.speakers.noise import Noise, PooledAudio
from loadtest.speakers.speaker import Speaker, new_session
from loadtest.speakers.wheel import TimerWheel
from protocol.recognition import Options
from protocol.session import Final as FinalText
from runtime.tasks import Tasks
from tests.backend.rest.world import form, recording
from tests.helpers.chain import Chain, Program
from tests.helpers.waiting import wait_until_sync

CARD: Final = ("--device", "cuda:0", "--set", "rtf=0.03", "--set", "slots=16", "--set", "share=0.2")
PROCESSOR: Final = ("--set", "rtf=0.2")
_ENDPOINT_S: Final = 0.6
_STRINGS: Final = 200
_FILES: Final = 2
_SETTLE_S: Final = 5.0


@dataclass(frozen=True)
class Work:
    """Kind of work: finals, and other work besides."""

    name: str
    partials: bool = False
    guesses: bool = False
    files: bool = False


FINALS: Final = Work("finals")
ALL: Final = Work("partials, speculations and files", True, True, True)
ALONE: Final = (FINALS, Work("partials", True), Work("speculations", guesses=True), Work("files", files=True), ALL)
MIXED: Final = (FINALS, Work("files", files=True), ALL)


Measured = dict[str, float]
"""Figures of one kind of work in one round, by their names in the table."""


class GuessingSpeaker(Speaker):
    """Speaker whose client speculates at the end of a segment, and completes it after an endpoint's silence."""

    async def end(self, client: GatewayClient, segment: int, due: float) -> None:
        """Send the speculation, wait, and complete the segment."""
        await client.speculate(segment)
        await asyncio.sleep(_ENDPOINT_S)
        await super().end(client, segment, due + _ENDPOINT_S)


async def measure(address: Address, work: Work, speakers: int, seconds: float, seed: int) -> Measured:
    """Run speakers during the other work. Raises ``SystemExit`` for a wrong answer."""
    recorder, made_by = TallyRecorder(time.monotonic()), defaultdict[str, int](int)
    noise, wheel, options = Noise(seed), TimerWheel(), Options(partials=work.partials)
    stop_at = time.monotonic() + _SETTLE_S + seconds

    def heard(event: ClientEvent) -> None:
        if isinstance(event, FinalText):
            made_by[event.worker] += 1

    async def speak(number: int) -> None:
        spoken = PooledAudio()
        speaker = (GuessingSpeaker if work.guesses else Speaker)(number, recorder, spoken, heard)
        async with GatewayClient(fixed_locator(address), new_session(), spoken, options) as client:
            await speaker.run(
                client, lambda client: speaker.stream(client, noise.turns(number), wheel.until, stop_at)
            )

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {address.key}"}) as http:
        async with Tasks("placement") as tasks, _files(http, address, work.files):
            tasks.start(wheel.run(), "wheel")
            before = await _audio_s(http, address)
            began = time.monotonic()
            async with asyncio.TaskGroup() as people:
                for number in range(speakers):
                    people.create_task(speak(number), name=f"placement/{number}")
            took_s, decoded_s = time.monotonic() - began, await _audio_s(http, address) - before
        cards = {one["worker"] for one in await _workers(http, address) if one["device"] != "cpu"}
    tally = recorder.tally
    if tally.right != tally.segments or tally.twice:
        sys.exit(f"wrong answers: {tally.complaints}")
    waits = [one.after_stop for one in tally.ended if one.at_s > _SETTLE_S]
    return {
        "p50_ms": percentile(waits, 0.5) or 0.0,
        "p95_ms": percentile(waits, 0.95) or 0.0,
        "on_card": sum(made_by[worker] for worker in cards) / sum(made_by.values()),
        "partials": tally.partials / tally.segments,
        "files": max(0.0, decoded_s - tally.samples / 16_000) / took_s if work.files else 0.0,
    }


@asynccontextmanager
async def _files(http: aiohttp.ClientSession, address: Address, wanted: bool) -> AsyncIterator[None]:
    """Submit files, and cancel them at the end."""
    sessions = [str(uuid4()) for _ in range(_FILES if wanted else 0)]
    for session in sessions:
        body = form(_recording(), name="digits.wav", session=session)
        async with http.post(f"{address.url}/v1/sessions", data=body) as response:
            response.raise_for_status()
    yield
    for session in sessions:
        async with http.post(f"{address.url}/v1/sessions/{session}/cancel") as response:
            response.raise_for_status()


@cache
def _recording() -> bytes:
    return recording(_STRINGS)


async def _workers(http: aiohttp.ClientSession, address: Address) -> list[dict[str, Any]]:
    return list((await answer(http, address, WORKERS))["workers"])


async def _audio_s(http: aiohttp.ClientSession, address: Address) -> float:
    return sum(float(one["audio_s"]) for one in await _workers(http, address))


def _worker(programs: Chain, *options: str) -> Program:
    program = programs.worker("--engine", "checksum", *options)
    wait_until_sync(lambda: "worker.ready" in program.log.read_text(), "a ready worker", 60)
    return program


def rounds(programs: Chain, speakers: int, seconds: float, count: int) -> Iterator[tuple[str, Work, Measured]]:
    """Measure every kind of work on both fleets, in turn."""
    _, endpoint = programs.gateway("--history", "on")
    address = Address(endpoint.url, endpoint.key)
    _worker(programs, *CARD)
    for seed in range(1, count + 1):
        for work in ALONE:
            yield "card", work, asyncio.run(measure(address, work, speakers, seconds, seed))
        processor = _worker(programs, *PROCESSOR)
        for work in MIXED:
            yield "card and processor", work, asyncio.run(measure(address, work, speakers, seconds, seed))
        processor.stop()


def main() -> None:
    """Measure and print the figures."""
    options = arguments(__doc__, speakers=30, seconds=20.0, rounds=3)
    found = defaultdict[tuple[str, str], list[Measured]](list)
    with temporary_chain() as chain:
        for fleet, work, one in rounds(chain, options.speakers, options.seconds, options.rounds):
            print(fleet, work.name, one, file=sys.stderr, flush=True)
            found[fleet, work.name].append(one)
    rows = [
        {"fleet": fleet, "work": work, **{name: median(one[name] for one in many) for name in many[0]}}
        for (fleet, work), many in found.items()
    ]
    report("placement", rows, options.json)


if __name__ == "__main__":
    main()
