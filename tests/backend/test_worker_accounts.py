"""Accounts of the broker for workers, on every kind of broker: what they may, and until when."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, ResponseError

from backend.worker_accounts import COMMANDS, Account, WorkerAccounts
from protocol.job import Keys
from tests.helpers.valkey import Broker

ALWAYS = {"auth", "hello", "quit", "reset"}
"""To every account of a broker; the tunnel refuses them."""


@pytest.fixture
async def redis(any_broker: Broker) -> AsyncIterator[Any]:
    """The broker's own user."""
    async with Redis.from_url(any_broker.url, protocol=2) as client:
        yield client


def accounts_of(redis: Any) -> WorkerAccounts:
    """Those of a gateway."""

    async def administer(*command: str) -> Any:
        return await redis.execute_command(*command)

    return WorkerAccounts(administer, "g")


def known_as(broker: Broker, account: Account) -> Any:
    """A connection of that account."""
    return Redis.from_url(broker.url, protocol=2, username=account.name, password=account.password)


async def every_command(redis: Any) -> list[tuple[str, int]]:
    """Name, with ``|`` before a subcommand, and how many words it has at least."""
    redis.response_callbacks.pop("COMMAND", None)  # which leaves out the subcommands
    found = []
    for name, arity, *_, subcommands in await redis.execute_command("COMMAND"):
        subs = [(sub[0].decode(), abs(sub[1])) for sub in subcommands]
        found += subs or [(name.decode(), abs(arity))]
    return found


async def is_allowed(redis: Any, account: Account, command: str, words: int) -> bool:
    """Whether the account may run the command at all, whatever the key."""
    spoken = command.split("|")
    arguments = ["kiki:{0}:session:s"] * max(0, words - len(spoken))
    try:
        reply = await redis.execute_command("ACL", "DRYRUN", account.name, *spoken, *arguments)
    except ResponseError as error:
        reply = str(error).encode()
    text = reply.decode() if isinstance(reply, bytes) else str(reply)
    return "to run" not in text


async def test_of_all_commands_it_may_run_those_that_a_worker_needs(redis: Any) -> None:
    async with accounts_of(redis).account("w") as account:
        every = await every_command(redis)
        allowed = {name for name, words in every if await is_allowed(redis, account, name, words)}
    assert len(every) > 300
    assert allowed - ALWAYS == set(COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("ACL", "LIST"),
        ("EVAL", "return 1", "0"),
        ("FUNCTION", "LIST"),
        ("MONITOR",),
        ("CLIENT", "LIST"),
        ("SUBSCRIBE", "x"),
        ("SSUBSCRIBE", "kiki:{0}:results:g"),
        ("SPUBLISH", "other", "x"),
        ("HGET", "kiki:shards", "x"),
        ("SET", "elsewhere", "x"),
        ("XRANGE", Keys().dead, "-", "+"),
        ("MODULE", "LIST"),
        ("SHUTDOWN", "NOSAVE"),
        ("REPLICAOF", "NO", "ONE"),
    ],
)
async def test_anything_else_is_refused(any_broker: Broker, redis: Any, command: tuple[str, ...]) -> None:
    async with accounts_of(redis).account("w") as account, known_as(any_broker, account) as worker:
        assert await worker.ping()
        with pytest.raises(NoPermissionError):
            await worker.execute_command(*command)


async def test_a_script_may_do_no_more_than_its_account(any_broker: Broker, redis: Any) -> None:
    digest = await redis.script_load("return redis.call('SET', 'elsewhere', 'x')")
    async with accounts_of(redis).account("w") as account, known_as(any_broker, account) as worker:
        with pytest.raises(ResponseError, match="ACL|permission"):
            await worker.evalsha(digest, 0)
    assert await redis.exists("elsewhere") == 0


async def test_it_is_there_while_somebody_uses_it_and_then_cut_off(any_broker: Broker, redis: Any) -> None:
    accounts = accounts_of(redis)
    async with accounts.account("w") as account, known_as(any_broker, account) as worker:
        await worker.ping()
        async with accounts.account("w") as again:
            assert again == account
        assert await worker.ping()
    assert account.name.encode() not in await redis.execute_command("ACL", "USERS")
    async with known_as(any_broker, account) as late:
        with pytest.raises(RedisConnectionError, match="invalid"):
            await late.ping()


async def test_whoever_still_uses_it_is_cut_off(any_broker: Broker, redis: Any) -> None:
    async with accounts_of(redis).account("w") as account:
        worker = known_as(any_broker, account).client()
        connection = await worker.connection_pool.get_connection()
        await connection.send_command("PING")
        assert await connection.read_response() == b"PONG"
    with pytest.raises(RedisConnectionError):  # it may notice at either
        await connection.send_command("PING")
        await connection.read_response()
    await connection.disconnect()
    await worker.aclose()


async def test_a_broker_that_was_restarted_is_told_again(redis: Any) -> None:
    accounts = accounts_of(redis)
    async with accounts.account("w") as account:
        await redis.execute_command("ACL", "DELUSER", account.name)
        async with accounts.account("w") as again:
            assert again == account
            assert account.name.encode() in await redis.execute_command("ACL", "USERS")
