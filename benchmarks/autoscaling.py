"""A step load on workers that an autoscaler starts and stops: waits, overshoot, and whether anything is lost.

    python -m benchmarks.autoscaling [--speakers 12] [--held 180] [--after 420] [--speed 1] [--set NAME=VALUE,…]

The pods are processes of this computer, and ``benchmarks.autoscaler`` takes the place of KEDA. All else is real:
two gateways with their /metrics, a broker, and workers with the checksum engine, which need half of the audio's
length (``rtf``). The formula, limits and times are those of the ScaledObject that the chart renders. A pod works
``--pod-start`` seconds after it is wanted. To end, it gets SIGTERM, and SIGKILL after its grace period.
``--speed`` shortens all times, including those of speech and decoding.
"""

import asyncio
import json
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.autoscaler import HorizontalPodAutoscaler, Sample, Scaler, read_scaler
from benchmarks.report import arguments, table, write_json
from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.gateway import GatewayClient
from loadtest.measurement.figures import percentile
from loadtest.measurement.tally import TallyRecorder
from loadtest.scenarios.sessions import SessionPlan, utterances
from loadtest.speakers.noise import Turn
from loadtest.speakers.speaker import Speaker
from protocol.endpoint import Endpoint
from runtime.logs import logging_to
from scripts.render_chart import NAMESPACE, RELEASE, ROOT, Manifest
from tests.helpers.chain import Chain, Program, running_chain
from tests.helpers.valkey import running_broker

VALUES: Final = "packaging/kubernetes/values/cluster.yaml"
POOL: Final = f"{RELEASE}-worker-cpu"
RTF: Final = 0.5
_SETTLE_S: Final = 1200.0


@dataclass(frozen=True)
class Load:
    """Speakers over time, in seconds of the simulated clock: a few all the time, many from ``before_s`` on."""

    base: int = 2
    speakers: int = 12
    before_s: float = 45.0
    held_s: float = 180.0
    after_s: float = 420.0
    pod_start_s: float = 10.0
    speed: float = 1.0

    @property
    def needed(self) -> int:
        """Smallest number of workers with which the queue does not grow."""
        return math.ceil(self.speakers * RTF)


@dataclass
class Pods:
    """Processes in place of pods. ``killed``: number of those killed after their grace period."""

    chain: Chain
    command: tuple[str, ...]
    grace_s: float
    start_s: float
    starting: list["asyncio.Task[None]"] = field(default_factory=list)
    running: list[Program] = field(default_factory=list)
    ending: list["asyncio.Task[None]"] = field(default_factory=list)
    stopped: int = 0
    killed: int = 0

    @property
    def wanted(self) -> int:
        """Number of pods that run or are starting; those that are ending do not count."""
        return len(self.starting) + len(self.running)

    def scale(self, number: int) -> None:
        """Start or stop pods. Starting pods are stopped first, then random ones: a cluster guarantees no order."""
        while self.wanted < number:
            self.starting.append(asyncio.create_task(self._start(), name="a pod starts"))
        while self.wanted > number:
            if self.starting:
                self.starting.pop().cancel()
            else:
                leaving = self.running.pop(random.randrange(len(self.running)))
                self.ending.append(asyncio.create_task(self._end(leaving), name="a pod ends"))

    async def _start(self) -> None:
        await asyncio.sleep(self.start_s)
        program = await asyncio.to_thread(
            self.chain.start, POOL, *self.command, home=f"pod-{len(self.chain.programs)}"
        )
        task = asyncio.current_task()
        self.starting = [one for one in self.starting if one is not task]
        self.running.append(program)

    async def _end(self, program: Program) -> None:
        self.stopped += 1
        program.popen.terminate()
        try:
            await asyncio.to_thread(program.popen.wait, self.grace_s)
        except subprocess.TimeoutExpired:
            self.killed += 1
            program.kill()


def rendered(*settings: str) -> list[Manifest]:
    """Render the chart, in a process of its own."""
    command = [sys.executable, "-m", "scripts.render_chart", VALUES, "--json"]
    command += [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[Manifest] = json.loads(done.stdout)
    return found


def chosen(manifests: Sequence[Manifest], kind: str) -> Manifest:
    """Return the manifest of the pool of workers."""
    return next(one for one in manifests if (one["kind"], one["metadata"]["name"]) == (kind, POOL))


def worker_command(deployment: Mapping[str, Any], redis: str) -> tuple[str, ...]:
    """Return the command of a pod, without its metrics port, for which processes of one computer would compete."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    kept = [word for word in container["args"] if not word.startswith("--metrics")]
    return ("kikipounamu-worker", *kept, f"--redis={redis}")


async def scrape(http: aiohttp.ClientSession, gateways: Sequence[Endpoint]) -> list[Sample]:
    """Read the metrics of all gateways, with the labels that Prometheus adds in a cluster."""
    found = []
    for number, gateway in enumerate(gateways):
        added = {"namespace": NAMESPACE, "service": f"{RELEASE}-gateway", "pod": f"{RELEASE}-gateway-{number}"}
        headers = {"Authorization": f"Bearer {gateway.key}"}
        async with http.get(f"{gateway.url}/metrics", headers=headers) as answer:
            text = await answer.text()
        for family in text_string_to_metric_families(text):
            found += [Sample(one.name, {**one.labels, **added}, one.value) for one in family.samples]
    return found


class Run:
    """Simulated step of the load. ``timeline``: time, backlog and pods at each decision."""

    def __init__(self, load: Load, scaler: Scaler, pods: Pods, gateways: Sequence[Endpoint]) -> None:
        self.load = load
        self.pods = pods
        self.gateways = gateways
        self.recorder = TallyRecorder(time.monotonic())
        self.timeline: list[tuple[float, float, int]] = []
        self._scaler = scaler.faster(load.speed)
        self._spoken = False

    def waits(self) -> list[tuple[float, float]]:
        """Return when each segment ended, and its wait for the text without decoding, on the simulated clock."""
        speed = self.load.speed
        ended = self.recorder.tally.ended
        return [
            ((one.at_s - one.after_stop / 1000) * speed, max(0.0, one.after_stop - one.decode) / 1000 * speed)
            for one in ended
        ]

    @property
    def now_s(self) -> float:
        """Seconds since the start of the run, on the simulated clock."""
        return (time.monotonic() - self.recorder.zero) * self.load.speed

    async def run(self) -> None:
        """Run the load, and the autoscaler until there are as few pods as at first, and all others have ended."""
        load, end_s = self.load, self.load.before_s + self.load.held_s
        self.recorder = TallyRecorder(time.monotonic())
        self.pods.scale(self._scaler.least)
        scaling = asyncio.create_task(self._scale(), name="autoscaler")
        async with asyncio.TaskGroup() as speaking:
            for number in range(load.speakers):
                times = (0.0, end_s + load.after_s) if number < load.base else (load.before_s, end_s)
                speaking.create_task(self._person(number, *times), name=f"person {number}")
        self._spoken = True
        with suppress(TimeoutError):
            await asyncio.wait_for(scaling, _SETTLE_S / load.speed)
        await asyncio.gather(*self.pods.ending)

    async def _scale(self) -> None:
        autoscaler = HorizontalPodAutoscaler(self._scaler)
        async with aiohttp.ClientSession() as http:
            while not self._spoken or self.pods.wanted > self._scaler.least:
                await asyncio.sleep(self._scaler.sync_s)
                backlog = self._scaler.query.value(await scrape(http, self.gateways))
                self.pods.scale(autoscaler.decide(time.monotonic(), self.pods.wanted, backlog))
                self.timeline.append((self.now_s, math.nan if backlog is None else backlog, self.pods.wanted))

    async def _person(self, number: int, from_s: float, to_s: float) -> None:
        """Speak without pauses, even while texts are missing; the client tries again after a refusal."""
        load, zero = self.load, self.recorder.zero
        gateway = self.gateways[number % len(self.gateways)]
        speaker = Speaker(number, self.recorder, pace=1 / load.speed)
        turns = (Turn(0.0, one) for one in utterances(SessionPlan(1, to_s - from_s, seed=number), number))
        await _until(zero + from_s / load.speed)

        async def say(client: GatewayClient) -> None:
            await speaker.stream(client, turns, _until, zero + to_s / load.speed)

        with TemporaryAudio() as store:
            async with GatewayClient(fixed_locator(Address(gateway.url, gateway.key)), uuid4(), store) as client:
                await speaker.run(client, say)


async def _until(due: float) -> None:
    await asyncio.sleep(due - time.monotonic())


def rows(run: Run) -> list[dict[str, Any]]:
    """Return the figures of each part: before the step, its first minute, the rest of it, after it."""
    load = run.load
    step, end = load.before_s, load.before_s + load.held_s
    rising = min(60.0, load.held_s / 2)
    parts = {"before": 0.0, "rising": step, "held": step + rising, "after": end}
    bounds = [*parts.values(), math.inf]
    found = []
    for index, (name, from_s) in enumerate(parts.items()):
        waits = [waited for at_s, waited in run.waits() if from_s <= at_s < bounds[index + 1]]
        pods = [pods for at_s, _, pods in run.timeline if from_s <= at_s < bounds[index + 1]] or [0]
        found.append(
            {
                "part": name,
                "from_s": from_s,
                "segments": len(waits),
                "wait_p50_s": percentile(waits, 0.5),
                "wait_p95_s": percentile(waits, 0.95),
                "wait_longest_s": max(waits, default=None),
                "pods_least": min(pods),
                "pods_most": max(pods),
            }
        )
    return found


def verdict(run: Run) -> dict[str, Any]:
    """Return the outcome of a finished run: losses, and how the number of pods followed the load."""
    tally, load = run.recorder.tally, run.load
    enough = [at_s for at_s, _, pods in run.timeline if pods >= load.needed and at_s >= load.before_s]
    return {
        "spoken": tally.segments,
        "right": tally.right,
        "not_right": tally.wrong + tally.failed,
        "twice": tally.twice,
        "lost_sessions": tally.lost_sessions,
        "refused": sum(one.count for one in tally.refused.values()),
        "pods_needed": load.needed,
        "pods_most": max((pods for _, _, pods in run.timeline), default=0),
        "enough_after_s": enough[0] - load.before_s if enough else None,
        "pods_stopped": run.pods.stopped,
        "pods_killed": run.pods.killed,
    }


def flawless(run: Run) -> bool:
    """Return whether every segment has exactly one text, the right one, and no pod had to be killed."""
    return run.recorder.tally.flawless and not run.pods.killed


@contextmanager
def prepared(load: Load, root: Path, *settings: str) -> Iterator[Run]:
    """Start a broker and two gateways, and read the rendered chart."""
    engine = ("workers.cpu.engine=checksum", f"workers.cpu.set.rtf={RTF / load.speed}")
    manifests = rendered(*engine, "workers.cpu.replicas.min=1", *settings)
    deployment, scaled = chosen(manifests, "Deployment"), chosen(manifests, "ScaledObject")
    with running_broker() as broker, running_chain(root, broker.url, quiet=True) as chain:
        gateways = [chain.gateway(home=f"gateway-{number}")[1] for number in range(2)]
        grace_s = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] / load.speed
        command = worker_command(deployment, broker.url)
        pods = Pods(chain, command, grace_s, load.pod_start_s / load.speed)
        yield Run(load, read_scaler(scaled), pods, gateways)


def main() -> int:
    """Run one step, print the figures, and return 1 if a segment was lost."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every process ends with this one
    usual = Load()
    dashed: dict[str, float] = {"pod-start": usual.pod_start_s}
    options = arguments(
        __doc__,
        speakers=usual.speakers,
        held=usual.held_s,
        after=usual.after_s,
        speed=usual.speed,
        set="",
        **dashed,
    )
    load = Load(
        speakers=options.speakers,
        held_s=options.held,
        after_s=options.after,
        speed=options.speed,
        pod_start_s=options.pod_start,
    )
    with (
        logging_to("benchmark", None, terminal=False),
        tempfile.TemporaryDirectory(prefix="kiki-autoscaling-") as folder,
        prepared(load, Path(folder), *options.set.split(",") if options.set else ()) as run,
    ):
        asyncio.run(run.run())
    judged = verdict(run)
    table("autoscaling", rows(run))
    table("outcome", [judged])
    times = [{"at_s": at_s, "backlog_s": backlog, "pods": pods} for at_s, backlog, pods in run.timeline]
    table("timeline", times)
    write_json(options.json, "autoscaling", [judged, *rows(run), *times])
    return 0 if flawless(run) else 1


if __name__ == "__main__":
    sys.exit(main())
