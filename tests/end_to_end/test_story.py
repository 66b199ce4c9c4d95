"""Kill a decoding worker: the logs of all programs explain every second between speech and text."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
import redis

from client.audio_store import TemporaryAudio
from client.connection import Address, fixed_locator
from client.gateway import GatewayClient
from loadtest.core.checksum import checksum
from protocol.endpoint import Endpoint
from protocol.job import GROUP, WORKERS_KEY, Keys
from protocol.recognition import Options
from protocol.session import Final
from runtime import loggers
from runtime.event_names import EVENT_NAMES
from runtime.logs import logging_to
from tests.helpers.chain import BIN, KEY, Program, running_chain
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until, wait_until_sync

SAID = {segment: bytes([segment + 1, 0]) * 16_000 for segment in range(2)}
"""Audio of each segment, one second long."""

HOMES = ("one", "two")
LOGGERS = {logger.name for name, logger in vars(loggers).items() if name.isupper()}


async def speak(endpoint: Endpoint, options: Options, victim: "Victim") -> tuple[UUID, dict[int, str]]:
    """Speak two segments; the worker that decodes the second one is killed."""
    session, texts = uuid4(), dict[int, str]()
    with TemporaryAudio() as store:
        address = Address(endpoint.url, endpoint.key)
        async with GatewayClient(fixed_locator(address), session, store, options) as client:

            async def listen() -> None:
                async for event in client.events():
                    if isinstance(event, Final):
                        texts[event.segment] = event.text

            listening = asyncio.create_task(listen())
            for segment, pcm in SAID.items():
                await client.begin(segment, 1_000 * segment)
                await client.audio(segment, pcm)
                await client.end(segment)
                if segment == 0:
                    await wait_until(lambda: 0 in texts, "the first text")
            await wait_until(victim.kill, "a worker decodes the second segment")
            await client.finish()
            await listening
    return session, texts


class Victim:
    """The worker that has a job of this priority."""

    def __init__(self, broker: Broker, priority: Literal["interactive", "bulk"], workers: list[Program]) -> None:
        self._broker = redis.Redis.from_url(broker.url)
        self._stream = Keys().jobs(priority)
        self._workers = {worker.popen.pid: worker for worker in workers}
        self.name = ""

    def ready(self) -> bool:
        """Return whether all workers are idle."""
        return self._broker.hlen(WORKERS_KEY) == len(self._workers) and all(
            b'"idle"' in status for status in self._broker.hvals(WORKERS_KEY)
        )

    def kill(self) -> bool:
        """Kill the worker with a job. Return False if no worker has one yet."""
        pending: Any = self._broker.xpending_range(self._stream, GROUP, "-", "+", 1)
        for one in pending:
            self.name = one["consumer"].decode()
            self._workers[int(self.name.split("-")[-2])].kill()
            return True
        return False

    def close(self) -> None:
        """Close the connection to the broker."""
        self._broker.close()


def told_by_logs(session: UUID, root: Path) -> dict[str, Any]:
    """Return the output of `kikipounamu logs` for all log folders."""
    folders = [f"--folder={root / home / 'logs'}" for home in ("home", *HOMES)]
    command = [str(BIN / "kikipounamu"), "logs", "--session", str(session)[:13], "--json", *folders]
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(root / "desk")}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=True)
    story: dict[str, Any] = json.loads(done.stdout)
    return story


def all_logs(root: Path) -> bytes:
    """Return the logs of all programs."""
    return b"".join(log.read_bytes() for log in root.glob("*/logs/*.jsonl*"))


@pytest.mark.parametrize(
    ("priority", "sentence"),
    [
        ("interactive", "decodes segment 1 in place of {}, which was silent"),
        pytest.param(
            "bulk", "takes segment 1 over from {}, which died or was cut off", marks=pytest.mark.proof(minutes=1)
        ),
    ],
)
async def test_logs_explain_every_second(
    tmp_path: Path, broker: Broker, priority: Literal["interactive", "bulk"], sentence: str
) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        engine = ("--engine", "checksum", "--set", "rtf=1.5")
        victim = Victim(broker, priority, [chain.worker(*engine, name=home, home=home) for home in HOMES])
        wait_until_sync(victim.ready, "both workers are ready")
        with logging_to("kikipounamu", tmp_path / "desk" / "logs", terminal=False):
            session, texts = await speak(endpoint, Options(priority=priority), victim)
        victim.close()
    assert texts == {segment: checksum(pcm) for segment, pcm in SAID.items()}
    story = told_by_logs(session, tmp_path)
    _, second = story["segments"]
    assert second["whole"] > 2 * second["decoded"] > 0 and second["outcome"] == "final"
    assert story["unexplained_ms"] < story["whole_ms"] / 5 and second["unexplained"] < second["whole"] / 5
    received = [f"{entry['who']} {entry['what']}" for entry in story["entries"]]
    dead = f"worker {victim.name.rpartition('-')[0]}"
    assert any(sentence.format(dead) in one for one in received), received
    written = all_logs(tmp_path)
    assert str(session).encode() in written
    said = [json.loads(line) for line in written.splitlines()]
    assert {line["event"] for line in said if line["logger"] in LOGGERS} <= EVENT_NAMES
    for secret in (KEY, *texts.values()):
        assert secret.encode() not in written
