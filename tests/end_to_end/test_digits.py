"""Test the digits model through the whole chain: FunASR's exact texts, each at its segment."""

import asyncio
import random
import sys
from collections import Counter
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from protocol.engine import DecodeRequest, Engine, EngineSettings, Transcript
from protocol.recognition import Options
from protocol.session import Failed, Final
from tests.conftest import ROOT
from tests.helpers.chain import Chain, Program, running_chain
from tests.helpers.conversation import Conversation, conversation
from tests.helpers.digits import MODEL, every_digits, mixed_sounds
from tests.helpers.fault_engines import Fault
from tests.helpers.faulty_digits import ENGINE, plan
from tests.helpers.valkey import Broker
from worker.engines.funasr import create

pytestmark = [pytest.mark.funasr, pytest.mark.serial("engines"), pytest.mark.timeout(300)]

ONE_THREAD = ("--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")
FUNASR = ("--engine", "funasr", *ONE_THREAD)
SPOKEN, WRITTEN = Options("en", itn=False), Options("en", itn=True)
AHEAD = 8  # segments in flight, well within the window of a session


@cache
def engine() -> Engine:
    return create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))


def directly(said: list[bytes], options: Options) -> list[str]:
    """Return the engine's text for each segment, without the chain."""
    alone = [engine().decode([DecodeRequest(pcm, options)])[0] for pcm in said]
    return [outcome.text for outcome in alone if isinstance(outcome, Transcript)]


async def test_chain_returns_the_models_exact_texts(tmp_path: Path, broker: Broker) -> None:
    said = [digits.pcm for digits in every_digits()]
    expected = {options: directly(said, options) for options in (SPOKEN, WRITTEN)}
    assert all(len(texts) == len(said) and "" not in texts for texts in expected.values())
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker(*FUNASR)
        for options, texts in expected.items():
            async with conversation(endpoint, uuid4(), options=options) as (talk, _):
                finals = []
                for first in range(0, len(said), AHEAD):
                    numbers = range(first, min(first + AHEAD, len(said)))
                    for number in numbers:
                        await talk.segment(number, said[number])
                    finals += [await next_final(talk, number) for number in numbers]  # the model loads first
            assert [final.text for final in finals] == texts
            assert {(final.model, final.language) for final in finals} == {("sensevoice-digits", "en")}
            assert {(final.emotion, final.event) for final in finals} == {("neutral", "speech")}


@dataclass
class Mix:
    """A test plan:

    ``segments`` over several sessions, ``faulty`` of them with ``faults``, and ``kills`` of processes.
    """

    segments: int
    faulty: int
    faults: tuple[Fault, ...]
    kills: int
    seed: int
    sessions: int = 4


@dataclass
class Havoc:
    """Two workers; a worker or its engine is killed at the segment counts in ``at``."""

    chain: Chain
    arguments: tuple[str, ...]
    chance: random.Random
    at: set[int]
    sent: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    workers: list[Program] = field(default_factory=list)

    def start(self) -> None:
        """Start another worker of the chain."""
        self.workers.append(self.chain.worker(*self.arguments, name="worker"))

    def one_more(self) -> None:
        """Count a sent segment, and kill a process if its time has come."""
        self.sent += 1
        if self.sent not in self.at:
            return
        engines = [child for worker in self.workers for child in psutil.Process(worker.popen.pid).children()]
        if engines and self.hit["engine killed"] <= self.hit["worker killed"]:
            self.chance.choice(engines).kill()
            self.hit["engine killed"] += 1
        else:
            worker = self.workers.pop(self.chance.randrange(len(self.workers)))
            worker.kill()
            self.hit["worker killed"] += 1
            self.start()


async def next_final(talk: Conversation, segment: int) -> Final:
    """Wait long for the final of a segment: repeated kills make it slow."""
    for _ in range(8):
        with suppress(TimeoutError):
            return await talk.final(segment)
        assert not any(isinstance(message, Failed) for message in talk.received)
    raise AssertionError(f"segment {segment} is lost")


async def say_all(talk: Conversation, said: list[bytes], havoc: Havoc) -> list[Final]:
    """Send the segments with a few in flight. Return the finals, each received exactly once."""
    finals = []
    for number, pcm in enumerate(said):
        await talk.segment(number, pcm)
        havoc.one_more()
        if number >= AHEAD:
            finals.append(await next_final(talk, number - AHEAD))
    finals += [await next_final(talk, number) for number in range(len(finals), len(said))]
    heard = [message.segment for message in talk.received if isinstance(message, Final)]
    assert sorted(heard) == list(range(len(said)))  # none lost, none doubled
    return finals


async def through_havoc(root: Path, broker: Broker, mix: Mix) -> None:
    """Check that every text equals the model's own output at its own segment, whatever fails."""
    chance = random.Random(mix.seed)
    (planned := root / "faults").mkdir()
    sounds = mixed_sounds(mix.segments, mix.seed)
    for number, sound in enumerate(chance.sample(sounds, mix.faulty)):
        plan(planned, sound, mix.faults[number % len(mix.faults)])
    parts = [sounds[number :: mix.sessions] for number in range(mix.sessions)]
    options = [(SPOKEN, WRITTEN)[number % 2] for number in range(mix.sessions)]
    with running_chain(root, broker.url) as chain:
        _, endpoint = chain.gateway()
        arguments = ("--engine", ENGINE, *ONE_THREAD, "--set", f"faults={planned}")
        havoc = Havoc(chain, arguments, chance, set(chance.sample(range(AHEAD, mix.segments), mix.kills)))
        for _ in range(2):
            havoc.start()
        async with AsyncExitStack() as stack:
            opened = [conversation(endpoint, uuid4(), options=of_session) for of_session in options]
            talks = [(await stack.enter_async_context(one))[0] for one in opened]
            said = zip(talks, parts, strict=True)
            heard = await asyncio.gather(*(say_all(talk, part, havoc) for talk, part in said))
    expected = [directly(part, of_session) for part, of_session in zip(parts, options, strict=True)]
    assert [[final.text for final in finals] for finals in heard] == expected
    assert list(planned.iterdir()) == [], "every fault happened"
    report(mix, [text for texts in expected for text in texts], havoc.hit)


def report(mix: Mix, texts: list[str], hit: Counter[str]) -> None:
    """Print the plan and the faults of a successful run."""
    lines = [
        f"{len(texts)} segments of {mix.sessions} sessions, {len(set(texts))} different texts, "
        f"{texts.count('')} of them empty",
        f"{mix.faulty} faults of the engine: {', '.join(fault.name.lower() for fault in mix.faults)} in turn",
        *(f"{count} x {what}" for what, count in sorted(hit.items())),
        "lost 0, doubled 0, at another segment 0",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


@pytest.fixture
def engines_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.mark.usefixtures("engines_find_the_tests")
async def test_texts_stay_at_their_segments_despite_faults(tmp_path: Path, broker: Broker) -> None:
    await through_havoc(tmp_path, broker, Mix(40, 3, (Fault.RAISE, Fault.REFUSE, Fault.KILL), kills=0, seed=4))


@pytest.mark.proof(minutes=5)
@pytest.mark.usefixtures("engines_find_the_tests")
async def test_texts_of_500_segments_stay_at_their_segments_despite_faults(tmp_path: Path, broker: Broker) -> None:
    faults = (Fault.RAISE, Fault.REFUSE, Fault.KILL, Fault.RAISE, Fault.EXIT, Fault.SEGFAULT, Fault.HANG)
    await through_havoc(tmp_path, broker, Mix(500, 50, faults, kills=12, seed=500))
