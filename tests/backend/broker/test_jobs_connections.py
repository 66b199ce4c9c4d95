"""The gateway's connections to a broker, on every installed kind of broker."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from backend.broker.jobs import open_jobs
from backend.broker.records import Attachment, JobQueued
from backend.broker.writer import CommandWriter
from backend.core.errors import BrokerFailed, BrokerMismatch, BrokerTooOld, BrokerUnreachable
from protocol.job import (
    SHARDS_KEY,
    Result,
)
from protocol.monitor import BrokerTrouble
from tests.backend.broker_setting import Setting, job, listening, on
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


class TestConnections:
    async def test_results_arrive_after_subscription_was_cut(self, at: Setting) -> None:
        async with listening(at.jobs) as notices:
            await at.jobs.submit(job())
            await at.redis.client_kill_filter(_type="pubsub")
            await wait_until(lambda: listening.count == 2, "another subscription")
            await at.recognise("hi")
            await wait_until(lambda: notices, "a notice")
        assert notices == [Result("s", 0, "hi")]

    async def test_commands_survive_cut_connections_and_forgotten_scripts(self, at: Setting) -> None:
        await at.redis.client_kill_filter(_type="normal")
        await at.jobs.submit(job(0))
        await at.redis.script_flush()
        assert await at.jobs.submit(job(1)) == JobQueued(100)
        assert await at.entries() == 2

    async def test_gateway_uses_three_connections(self, at: Setting) -> None:
        async with listening(at.jobs):
            await asyncio.gather(*(at.jobs.submit(job(n)) for n in range(300)), at.jobs.survey())
            clients = await at.redis.client_list()
        assert sum(client["name"] == "kikipounamu-gateway-g" for client in clients) == 3

    async def test_full_broker_is_reported_and_takes_job_once_there_is_room(self, at: Setting) -> None:
        await at.redis.config_set("maxmemory", "1")
        waiting = at.jobs.submit(job())
        await wait_until(lambda: at.jobs.trouble == BrokerTrouble.FULL, "it says why")
        assert not at.jobs.up and await at.jobs.dead_letters() == []
        await at.redis.config_set("maxmemory", "0")
        assert await waiting == JobQueued(0)
        assert at.jobs.trouble == ""

    async def test_broker_that_requires_password_is_reported_as_denied(self, any_broker: Broker) -> None:
        async with Redis.from_url(any_broker.url) as redis:
            await redis.config_set("requirepass", "secret")
            try:
                with pytest.raises(BrokerFailed, match="refuses the user or the password") as caught:
                    async with open_jobs(any_broker.url, "g"):
                        pass
            finally:
                await redis.config_set("requirepass", "")
        assert caught.value.trouble == BrokerTrouble.DENIED

    async def test_full_broker_still_deletes(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.recognise()
        await at.jobs.submit(job(1))
        await at.redis.config_set("maxmemory", "1")
        assert await at.jobs.confirm_received("s", 0)
        assert await at.jobs.cancel("s", 1, 0)

    async def test_full_broker_deletes_and_attaches_while_a_job_waits(self, at: Setting) -> None:
        await at.jobs.submit(job(0))
        await at.recognise()
        await at.redis.config_set("maxmemory", "1")
        waiting = at.jobs.submit(job(1))
        await wait_until(lambda: not at.jobs.up, "it is refused")
        assert await at.jobs.confirm_received("s", 0)
        assert isinstance(await at.jobs.attach("s", "o", resume=True), Attachment)
        assert not waiting.done()
        await at.redis.config_set("maxmemory", "0")
        assert await waiting == JobQueued(0)

    async def test_durability_follows_broker_configuration(self, any_broker: Broker) -> None:
        async with on(any_broker) as at:
            assert not at.jobs.durable
            await at.redis.config_set("appendonly", "yes")
            await at.redis.config_set("appendfsync", "always")
        async with open_jobs(any_broker.url, "g") as jobs:
            assert jobs.durable

    async def test_jobs_fail_when_commands_cannot_be_sent(
        self, any_broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(writer: CommandWriter) -> None:
            raise ValueError("on purpose")

        monkeypatch.setattr(CommandWriter, "run", fail)
        async with open_jobs(any_broker.url, "g") as jobs, asyncio.timeout(30):
            assert str(await jobs.failed) == "on purpose"

    async def test_absent_broker_is_reported_after_a_deadline(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backend.broker.layout.CONNECT_S", 0.1)
        with pytest.raises(BrokerUnreachable, match=r"no broker answers at unix:///.*nothing\.sock within 0\.1 s"):
            async with open_jobs(f"unix://{tmp_path}/nothing.sock", "g"):
                pass

    async def test_other_number_of_shards_is_refused(self, any_broker: Broker) -> None:
        async with Redis.from_url(any_broker.url) as redis:
            await redis.set(SHARDS_KEY, 4)
            try:
                with pytest.raises(BrokerMismatch, match="4 shards.*start it with --shards 4"):
                    async with open_jobs(any_broker.url, "g", shards=3):
                        pass
                async with open_jobs(any_broker.url, "g") as jobs:
                    assert len(jobs.shards) == 4
            finally:
                await redis.delete(SHARDS_KEY)


async def test_too_old_broker_is_refused() -> None:
    """The fake server imitates an old Redis as far as the gateway asks."""
    version = b"# Server\r\nredis_version:6.2.14\r\n"

    async def old_redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while header := await reader.readline():
            words = []
            for _ in range(int(header[1:])):
                await reader.readline()
                words.append((await reader.readline()).strip().upper())
            answer = {b"PING": b"+PONG\r\n", b"INFO": b"$%d\r\n%b\r\n" % (len(version), version)}
            writer.write(answer.get(words[0], b"+OK\r\n"))
        writer.close()

    with TemporaryDirectory(prefix="kiki-") as folder:
        async with await asyncio.start_unix_server(old_redis, f"{folder}/s"):
            with pytest.raises(BrokerTooOld, match=r"redis 6\.2\.14 is too old: redis 7\.0 or newer"):
                async with open_jobs(f"unix://{folder}/s", "g"):
                    pass
