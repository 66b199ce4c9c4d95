"""Two workers and a gateway in random order: take-over, twins, cancel, retry, expiry, speculation, partials."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from protocol.job import MOST_FAILURES, Hypothesis, JobKind, decode_notice
from tests.helpers.valkey import Broker
from tests.worker.scripts import (
    KEYS,
    PARTIALS,
    SESSION,
    STREAMS,
    GatewaySide,
    failure,
    gateway_side,
    job,
    jobs_of,
    question,
    result,
)
from worker.broker.jobs import ShardJobs, Verdict
from worker.broker.scripts import RETURNED
from worker.core.delivery import Delivery

T = TypeVar("T")
NAMES = ("w", "v")
SEGMENTS = st.integers(0, 1)
WORKERS = st.sampled_from(NAMES)
NUMBERS = st.integers(0, 99)
ANY = 50
SAMPLES = 160
NEVER_MS = 3_600_000
"""Longer than any example takes: the model has no clock, and a busy machine may exceed any lease."""
ANSWER_S = 60.0


@dataclass
class Entry:
    """Stream entry of the model. ``owner``: its consumer in the group; ``free``: a sweep may take it."""

    segment: int
    attempt: int
    stream: str
    owner: str = ""
    free: bool = False


@dataclass
class Said:
    """Expected content of the session's hash for a segment: entry ids, end, stored text."""

    job: str = ""
    speculation: str = ""
    end: str = ""
    text: str = ""
    attempt: int = 0
    failures: int = 0


class Interleaved(RuleBasedStateMachine):
    """State machine that compares the scripts with a model of the broker."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.live: dict[str, Entry] = {}
        self.said = {segment: Said() for segment in range(2)}
        self.held: dict[str, dict[str, Delivery]] = {name: {} for name in NAMES}
        self.gateway = ""
        self.asked: list[int] = []
        self.texts = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop of this machine."""
        return self.runner.run(coroutine)

    @initialize()
    def connect(self) -> None:
        self.run(self._connect())

    async def _connect(self) -> None:
        self.other: GatewaySide = await self.stack.enter_async_context(gateway_side(self.url))
        await self.other.redis.flushall()
        self.workers: dict[str, ShardJobs] = {
            name: await self.stack.enter_async_context(jobs_of(self.url, name, stale_ms=NEVER_MS))
            for name in NAMES
        }
        self.channel: Any = self.other.redis.pubsub()
        for gateway in ("gateway-1", "gateway-2"):
            await self.channel.ssubscribe(KEYS.results(gateway))
            await self.channel.get_message(timeout=ANSWER_S)
        await self._attach("gateway-1")

    def teardown(self) -> None:
        try:
            if hasattr(self, "channel"):
                self.everything_ends()
        finally:
            self.run(self._close())
            self.runner.close()

    async def _close(self) -> None:
        if hasattr(self, "channel"):
            await self.channel.aclose()
        await self.stack.aclose()

    # -- the gateway ------------------------------------------------------------------------------------

    @rule(gateway=st.sampled_from(["gateway-1", "gateway-2"]))
    def take_over(self, gateway: str) -> None:
        self.run(self._attach(gateway))

    async def _attach(self, gateway: str) -> None:
        await self.other.attach(gateway=gateway)
        self.gateway = gateway

    @rule(segment=SEGMENTS)
    def submit_or_retry(self, segment: int) -> None:
        said = self.said[segment]
        if said.job or (said.end and not said.end.startswith("failed")):
            return
        self._drop(segment)
        said.attempt += said.end.startswith("failed")
        said.job = self._add(segment, "job")

    @rule(segment=SEGMENTS)
    def speculate(self, segment: int) -> None:
        said = self.said[segment]
        if not (said.job or said.end):
            self._drop(segment)
            said.speculation = self._add(segment, "spec")

    @rule(segment=SEGMENTS)
    def promote(self, segment: int) -> None:
        said = self.said[segment]
        if not said.speculation or said.job or said.end:
            return
        if said.text:
            said.end = f"final {said.attempt}"
            self._set(segment, end=said.end)
        elif said.speculation in self.live:
            said.job = said.speculation
            stream = self.live[said.job].stream
            self._set(segment, job=f"{said.attempt} {said.job} {stream}")
        else:
            self._drop(segment)
            return
        said.speculation = ""
        self.run(self.other.redis.hdel(KEYS.session(SESSION), f"spec:{segment}"))

    @rule(segment=SEGMENTS)
    def cancel(self, segment: int) -> None:
        said = self.said[segment]
        if said.end:
            return
        self._drop(segment)
        self._delete(said.job)
        said.end, said.job, said.failures = f"cancelled {said.attempt}", "", 0
        self._set(segment, end=said.end)
        self.run(self.other.redis.hdel(KEYS.session(SESSION), f"job:{segment}", f"failures:{segment}"))

    @rule(segment=SEGMENTS)
    def received(self, segment: int) -> None:
        if self.said[segment].end:
            self.said[segment].text = ""
            self.run(self.other.redis.hdel(KEYS.session(SESSION), f"result:{segment}"))

    @rule()
    def expire(self) -> None:
        self.run(self.other.redis.delete(KEYS.session(SESSION)))
        self.said = {segment: Said() for segment in range(2)}
        self.run(self._attach(self.gateway))

    @rule(segment=SEGMENTS)
    def ask(self, segment: int) -> None:
        self.run(self.other.ask(question(segment), PARTIALS[0]))
        self.asked.append(segment)

    def _add(self, segment: int, field: str) -> str:
        kind = JobKind.RECOGNISE if field == "job" else JobKind.SPECULATE
        attempt, stream = self.said[segment].attempt, STREAMS[segment % 2]
        entry = self.run(self.other.submit(replace(job(segment, SAMPLES, attempt), kind=kind), stream, field))
        self.live[entry] = Entry(segment, attempt, stream)
        return entry

    def _drop(self, segment: int) -> None:
        """Delete the segment's speculation and its result."""
        said = self.said[segment]
        self._delete(said.speculation)
        if said.speculation:
            said.speculation = said.text = ""
            fields = (f"spec:{segment}", f"result:{segment}")
            self.run(self.other.redis.hdel(KEYS.session(SESSION), *fields))

    def _delete(self, entry: str) -> None:
        if known := self.live.pop(entry, None):
            self.run(self.other.redis.xdel(known.stream, entry))
            self.run(self.other.redis.hincrby(KEYS.backlog, known.stream, -SAMPLES))

    def _set(self, segment: int, **fields: str) -> None:
        mapping = {f"{name}:{segment}": value for name, value in fields.items()}
        self.run(self.other.redis.hset(KEYS.session(SESSION), mapping=mapping))

    # -- the workers ------------------------------------------------------------------------------------

    @rule(name=WORKERS, free=st.integers(1, 3))
    def take(self, name: str, free: int) -> None:
        taken = self.run(self.workers[name].take(free))
        new = [entry for stream in STREAMS for entry, e in self.live.items() if e.stream == stream and not e.owner]
        assert [delivery.entry for delivery in taken] == new[:free]
        self._hold(name, taken)

    @rule(name=WORKERS)
    def sweep(self, name: str) -> None:
        for entry, known in self.live.items():
            if known.owner and not known.free:
                self.run(self.other.abandon(entry, known.owner, known.stream, idle_ms=0))
        self.run(self.other.expire_sweep())
        found = self.run(self.workers[name].sweep(ANY))
        assert {delivery.entry for delivery in found} == {entry for entry, e in self.live.items() if e.free}
        self._hold(name, found)

    @rule(name=WORKERS)
    def lease_runs_out(self, name: str) -> None:
        for entry, known in self.live.items():
            if known.owner == name:
                self.run(self.other.abandon(entry, name, known.stream))
                known.free = True

    @rule(name=WORKERS)
    def renew(self, name: str) -> None:
        held = self.held[name]
        lost = self.run(self.workers[name].renew(held.values()))
        kept = {entry for entry in held if entry in self.live and self.live[entry].owner == name}
        assert {entry for _, entry in lost} == held.keys() - kept
        for entry in kept:
            self.live[entry].free = False
        self.held[name] = {entry: held[entry] for entry in kept}

    @rule(name=WORKERS)
    def another_takes_over(self, name: str) -> None:
        """Create a twin: the other worker takes over the jobs, and neither has finished them yet."""
        self.lease_runs_out(name)
        self.sweep(*(set(NAMES) - {name}))

    @precondition(lambda self: any(self.held.values()))
    @rule(number=NUMBERS)
    def finish(self, number: int) -> None:
        self._finish(*self._one(number))

    def _finish(self, name: str, delivery: Delivery) -> None:
        self.texts += 1
        text, segment = f"text {self.texts}", delivery.job.segment
        said, is_job, is_speculation = self._standing(delivery)
        assert self.run(self.workers[name].finish(delivery, result(delivery.job, text))) == (
            is_job or is_speculation
        )
        self.live.pop(delivery.entry, None)
        if is_job:
            said.end, said.job, said.failures = f"final {delivery.job.attempt}", "", 0
            self._published(segment)
        if is_job or is_speculation:
            said.text = text

    @precondition(lambda self: any(self.held.values()))
    @rule(number=NUMBERS)
    def fail(self, number: int) -> None:
        name, delivery = self._one(number)
        said, is_job, _ = self._standing(delivery)
        verdict = self.run(self.workers[name].fail(delivery, failure(delivery.job)))
        known = self.live.get(delivery.entry)
        if not is_job:
            assert verdict is Verdict.GONE
            self.live.pop(delivery.entry, None)
        elif known is None or known.owner != name:
            assert verdict is Verdict.LOST
        elif (failures := said.failures + 1) < MOST_FAILURES:
            assert verdict is Verdict.AGAIN
            said.failures, known.owner, known.free = failures, RETURNED, True
        else:
            assert verdict is Verdict.DEAD
            del self.live[delivery.entry]
            said.end, said.job, said.failures = f"failed {delivery.job.attempt}", "", 0
            said.text = "no"
            self._published(delivery.job.segment)

    @rule(name=WORKERS)
    def leave(self, name: str) -> None:
        mine = [known for known in self.live.values() if known.owner == name]
        assert self.run(self.workers[name].leave()) == len(mine)
        for known in mine:
            known.owner, known.free = RETURNED, True

    @rule(name=WORKERS)
    def make_partials(self, name: str) -> None:
        taken = self.run(self.workers[name].take_partials(ANY))
        assert [delivery.job.segment for delivery in taken] == self.asked
        self.asked = []
        assert self.run(self.other.pending(PARTIALS[0])) == []
        for segment in {delivery.job.segment for delivery in taken}:
            accepted = self.run(self.workers[name].hypothesise(Hypothesis(SESSION, segment, "so far")))
            assert accepted == (not self.said[segment].job and not self.said[segment].end)
            if accepted:
                self._published(segment)

    def _hold(self, name: str, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            self.held[name][delivery.entry] = delivery
            self.live[delivery.entry].owner, self.live[delivery.entry].free = name, False

    def _one(self, number: int) -> tuple[str, Delivery]:
        """Return a worker and a job that it believes to hold; another worker may hold it by now."""
        held = [(name, entry) for name, entries in self.held.items() for entry in entries]
        name, entry = held[number % len(held)]
        return name, self.held[name].pop(entry)

    def _standing(self, delivery: Delivery) -> tuple[Said, bool, bool]:
        said = self.said[delivery.job.segment]
        return said, said.job == delivery.entry, said.speculation == delivery.entry

    def _published(self, segment: int) -> None:
        message = self.run(self.channel.get_message(timeout=ANSWER_S))
        assert message is not None and message["channel"].decode() == KEYS.results(self.gateway)
        notice = decode_notice(message["data"])
        assert notice.session == SESSION and getattr(notice, "segment", None) == segment

    # -- invariants ----------------------------------------------------------------------------------------

    @invariant()
    def the_hash_says_how_each_segment_ended(self) -> None:
        if not hasattr(self, "channel"):
            return
        fields = self.run(self.other.redis.hgetall(KEYS.session(SESSION)))
        for segment, said in self.said.items():
            assert fields.get(f"end:{segment}".encode(), b"").decode() == said.end
            assert (f"job:{segment}".encode() in fields) == bool(said.job)
            assert int(fields.get(f"failures:{segment}".encode(), 0)) == said.failures
            stored = fields.get(f"result:{segment}".encode())
            notice = decode_notice(stored) if stored else None
            assert getattr(notice, "text", getattr(notice, "message", "")) == said.text

    @invariant()
    def no_entry_is_lost_and_the_backlog_is_exact(self) -> None:
        if not hasattr(self, "channel"):
            return
        for stream in STREAMS:
            entries = {entry: known.owner for entry, known in self.live.items() if known.stream == stream}
            assert self.run(self.other.redis.xlen(stream)) == len(entries)
            assert self.run(self.other.backlog(stream)) == len(entries) * SAMPLES
            pending = {
                entry: owner for entry, owner, _ in self.run(self.other.pending(stream)) if entry in entries
            }
            assert pending == {entry: owner for entry, owner in entries.items() if owner}

    def everything_ends(self) -> None:
        """Let one worker take over all remaining jobs: every submitted segment must then have one end."""
        self.take("w", ANY)
        self.lease_runs_out("w")
        self.lease_runs_out("v")
        self.sweep("w")
        for delivery in list(self.held["w"].values()):
            self._finish("w", delivery)
        assert not self.live and not any(said.job for said in self.said.values())
        assert self.run(self.channel.get_message(timeout=0.01)) is None


@pytest.mark.parametrize("examples", [12, pytest.param(200, marks=pytest.mark.proof(minutes=2))])
def test_interleavings_give_each_segment_one_end(any_broker: Broker, examples: int) -> None:
    machine: Any = partial(Interleaved, any_broker.url)
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=50))
