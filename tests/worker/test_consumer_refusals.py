"""A broker that refuses what it accepted before: the worker waits for it, and a refused outcome costs one job."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from redis.exceptions import ResponseError

from protocol.errors import ErrorCode
from protocol.job import EndState, Failure
from tests.helpers.fault_engines import Fault
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until
from tests.worker.running import ended, fault_job, text, working
from tests.worker.scripts import KEYS, SESSION, STREAMS, gateway_side
from worker.core.errors import BrokerRefused

REASONS = ("refuses this worker", "BUSY", "WRONGTYPE")
Refusal = Callable[[Any], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def long_script(redis: Any) -> AsyncIterator[None]:
    """Keep the broker busy with a script of another program."""
    await redis.config_set("busy-reply-threshold", 1)
    _, writer = await asyncio.open_unix_connection(redis.connection_pool.connection_kwargs["path"])
    writer.write(b'EVAL "while true do end" 0\r\n')
    yield
    await redis.execute_command("SCRIPT", "KILL")
    await wait_until(
        lambda: answers(redis), "the script has ended: it is told to, and the next command may be refused"
    )
    writer.close()


async def answers(redis: Any) -> bool:
    try:
        return bool(await redis.ping())
    except ResponseError:
        return False


@asynccontextmanager
async def fewer_rights(redis: Any) -> AsyncIterator[None]:
    """Take the rights of the worker's user away."""
    await redis.execute_command("ACL", "SETUSER", "default", "-evalsha", "-xreadgroup")
    yield
    await redis.execute_command("ACL", "SETUSER", "default", "+@all")


@asynccontextmanager
async def other_key(redis: Any) -> AsyncIterator[None]:
    """Put another program's string into the place of a stream."""
    await redis.delete(STREAMS[0])
    await redis.set(STREAMS[0], "not ours")
    yield
    await redis.delete(STREAMS[0])


@asynccontextmanager
async def new_password(redis: Any) -> AsyncIterator[None]:
    """Ask for a password that the worker does not have."""
    await redis.config_set("requirepass", "new")
    await redis.execute_command("CLIENT", "KILL", "TYPE", "normal")
    yield
    await redis.config_set("requirepass", "")


def tells(line: dict[str, Any]) -> bool:
    """Return whether a worker logs such a refusal."""
    return any(reason in line.get("reason", "") for reason in REASONS)


@pytest.mark.parametrize("refusal", [long_script, fewer_rights, other_key, new_password])
async def test_worker_outlasts_a_broker_that_refuses_for_a_moment(refusal: Refusal) -> None:
    with running_broker() as broker:
        async with gateway_side(broker.url) as other, working(broker.url) as worker:
            await other.attach()
            await wait_until(other.a_client_waits, "the worker waits for jobs")
            with capture_logs() as logs:
                async with refusal(other.redis):
                    await wait_until(lambda: worker.task.done() or any(map(tells, logs)), "it notices")
            assert not worker.task.done()
            await other.submit(fault_job(Fault.NONE, 1))
            assert await text(other, 1) == "none 1"


@pytest.mark.parametrize("right", ["xreadgroup", "evalsha"])
async def test_worker_whose_rights_never_sufficed_ends_without_a_traceback(right: str) -> None:
    with running_broker() as broker:
        async with gateway_side(broker.url) as other:
            await other.redis.execute_command("ACL", "SETUSER", "default", f"-{right}")
            with capture_logs() as logs, pytest.raises(BrokerRefused, match=right):
                async with working(broker.url) as worker:
                    await wait_until(worker.task.done, "it ends")
    assert not [line for line in logs if line["event"] == "task.failed"]


async def test_result_that_the_scripts_refuse_fails_its_job_alone(broker: Broker) -> None:
    async with gateway_side(broker.url) as other, working(broker.url):
        await other.attach()
        await other.submit(fault_job(Fault.CONTROL))
        await other.submit(fault_job(Fault.NONE, 1))
        assert await text(other, 1) == "none 1"
        assert await ended(other) is EndState.FAILED
        failed = await other.stored()
        assert isinstance(failed, Failure)
        assert failed.code is ErrorCode.ENGINE_FAILED
        assert "cannot be stored" in failed.message


async def test_job_whose_session_cannot_be_written_leaves_the_worker_working(broker: Broker) -> None:
    async with gateway_side(broker.url) as other, working(broker.url) as worker:
        await other.attach()
        await other.submit(fault_job(Fault.NONE))
        await text(other)
        with capture_logs() as logs:
            await other.redis.delete(KEYS.session(SESSION))
            await other.redis.set(KEYS.session(SESSION), "not ours")
            await other.ask(fault_job(Fault.NONE, 1), STREAMS[0])
            await wait_until(
                lambda: any(one["event"] == "job.not_settled" for one in logs), "the worker has given the job up"
            )
        await other.redis.delete(KEYS.session(SESSION))
        await other.attach()
        await other.submit(fault_job(Fault.NONE, 2))
        assert await text(other, 2) == "none 1"
        assert not worker.task.done()
