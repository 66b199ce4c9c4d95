"""Broker accounts of workers, on every kind of broker: their permissions and their lifetime."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, ResponseError

from backend.broker.jobs import open_jobs
from backend.workers.accounts import COMMANDS, Account, WorkerAccounts
from protocol.job import (
    GROUP,
    WORKERS_KEY,
    Detached,
    Ended,
    EndState,
    Hypothesis,
    Keys,
    Result,
    encode_notice,
)
from tests.helpers.valkey import Broker
from tests.worker.scripts import KEYS, PARTIALS, SESSION, STREAMS, GatewaySide, failure, job, result
from worker.broker.scripts import RETURNED, load_scripts

ALWAYS = {"auth", "hello", "quit", "reset"}
"""Commands that brokers allow to every account; the tunnel refuses them."""


@pytest.fixture
async def redis(any_broker: Broker) -> AsyncIterator[Any]:
    """The broker's own user."""
    async with Redis.from_url(any_broker.url, protocol=2) as client:
        yield client


def accounts_of(redis: Any) -> WorkerAccounts:
    """Return the accounts of one gateway."""

    async def administer(*command: str) -> Any:
        return await redis.execute_command(*command)

    return WorkerAccounts(administer, "g")


def client_of(broker: Broker, account: Account) -> Any:
    """Return a client authenticated as this account."""
    name, password = account
    return Redis.from_url(broker.url, protocol=2, username=name, password=password, socket_timeout=10)


async def every_command(redis: Any) -> list[tuple[str, int]]:
    """Return all commands, subcommands as ``command|sub``, with their least number of words."""
    redis.response_callbacks.pop("COMMAND", None)  # redis-py's callback drops the subcommands
    found = []
    for name, arity, *_, subcommands in await redis.execute_command("COMMAND"):
        subs = [(sub[0].decode(), abs(sub[1])) for sub in subcommands]
        found += subs or [(name.decode(), abs(arity))]
    return found


async def is_allowed(redis: Any, account: Account, command: str, words: int) -> bool:
    """Return whether the account may run the command at all, ignoring its keys."""
    spoken = command.split("|")
    arguments = ["kiki:{0}:session:s"] * max(0, words - len(spoken))
    try:
        reply = await redis.execute_command("ACL", "DRYRUN", account.name, *spoken, *arguments)
    except ResponseError as error:
        reply = str(error).encode()
    text = reply.decode() if isinstance(reply, bytes) else str(reply)
    return "to run" not in text


async def test_account_allows_exactly_the_commands_of_a_worker(redis: Any) -> None:
    async with accounts_of(redis).account("w") as account:
        every = await every_command(redis)
        allowed = {name for name, words in every if await is_allowed(redis, account, name, words)}
    assert len(every) > 300
    assert allowed - ALWAYS == set(COMMANDS)


async def test_every_command_of_a_worker_exists_since_redis_7_0(redis: Any) -> None:
    """Redis creates no account with a command that it does not know."""
    for command in COMMANDS:
        name, _, sub = command.partition("|")
        described = await redis.execute_command("COMMAND DOCS", name)
        known = pairs(pairs(described)[name.encode()])
        if sub:
            known = pairs(pairs(known[b"subcommands"])[command.encode()])
        assert tuple(map(int, known[b"since"].split(b"."))) <= (7, 0, 0), command


def pairs(flat: Any) -> dict[bytes, Any]:
    """Return a mapping that the broker sends as a list of names and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


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
async def test_account_refuses_other_commands_and_keys(
    any_broker: Broker, redis: Any, command: tuple[str, ...]
) -> None:
    async with accounts_of(redis).account("w") as account, client_of(any_broker, account) as worker:
        assert await worker.ping()
        with pytest.raises(NoPermissionError):
            await worker.execute_command(*command)


async def test_script_is_limited_to_rights_of_account(any_broker: Broker, redis: Any) -> None:
    digest = await redis.script_load("return redis.call('SET', 'elsewhere', 'x')")
    async with accounts_of(redis).account("w") as account, client_of(any_broker, account) as worker:
        with pytest.raises(ResponseError, match="ACL|permission|access"):
            await worker.evalsha(digest, 0)
    assert await redis.exists("elsewhere") == 0


async def test_account_exists_only_while_in_use(any_broker: Broker, redis: Any) -> None:
    accounts = accounts_of(redis)
    async with accounts.account("w") as account, client_of(any_broker, account) as worker:
        await worker.ping()
        async with accounts.account("w") as again:
            assert again == account
        assert await worker.ping()
    assert account.name.encode() not in await redis.execute_command("ACL", "USERS")
    async with client_of(any_broker, account) as late:
        with pytest.raises(RedisConnectionError, match="invalid"):
            await late.ping()


async def test_remaining_connections_are_killed_with_account(any_broker: Broker, redis: Any) -> None:
    async with accounts_of(redis).account("w") as account:
        worker = client_of(any_broker, account).client()
        connection = await worker.connection_pool.get_connection()
        await connection.send_command("PING")
        assert await connection.read_response() == b"PONG"
    with pytest.raises(RedisConnectionError):  # either call may notice the closed connection
        await connection.send_command("PING")
        await connection.read_response()
    await connection.disconnect()
    await worker.aclose()


async def test_account_is_created_again_after_broker_restart(redis: Any) -> None:
    accounts = accounts_of(redis)
    async with accounts.account("w") as account:
        await redis.execute_command("ACL", "DELUSER", account.name)
        async with accounts.account("w") as again:
            assert again == account
            assert account.name.encode() in await redis.execute_command("ACL", "USERS")


# -- scripts of a worker that means ill ----------------------------------------------------------------------

HASH, JOBS, HELD = KEYS.session(SESSION), STREAMS[0], "held"
FIGURES = KEYS.history_keys[1]
ENDING: Final = (HASH, JOBS, KEYS.backlog, FIGURES)
"""The keys of ``finish``; those of ``fail`` have the lock in addition."""


def ending(notice: bytes, segment: str = "0", attempt: str = "0", samples: str = "1600") -> tuple[Any, ...]:
    """Return the arguments of ``finish``."""
    return (HELD, segment, attempt, samples, notice)


GOOD = encode_notice(result(job()))
BAD: Final[list[tuple[str, tuple[str, ...], tuple[Any, ...]]]] = [
    ("heartbeat", (KEYS.backlog,), (JOBS, "x", "1e18")),
    ("heartbeat", (HASH,), ("owner", '{"at_ms":0}', "1e18")),
    ("heartbeat", (JOBS,), ("w", '{"at_ms":0}')),
    ("heartbeat", (WORKERS_KEY,), ("w", '{"at_ms":0,"at_ms":9999999999999}')),
    ("heartbeat", (WORKERS_KEY,), ("w", "7")),
    ("heartbeat", (WORKERS_KEY,), ("w", '{"at_ms":0}' + " " * 20_000)),
    ("leave", (JOBS, JOBS), (HELD,)),
    ("leave", (HASH, JOBS), (HELD,)),
    ("leave", (KEYS.sweep, JOBS), (RETURNED,)),
    ("sweep", (Keys(1).backlog, JOBS), (GROUP, "w", 1, 0, 1)),
    ("sweep", (KEYS.session("new"), JOBS), (GROUP, "w", 1, 0, 1)),
    ("sweep", (FIGURES, JOBS), (GROUP, "w", 1, 0, 1)),
    ("groups", (KEYS.session("new"),), ()),
    ("groups", (KEYS.sweep,), ()),
    ("groups", (WORKERS_KEY,), ()),
    ("groups", (Keys(1).backlog,), ()),
    ("groups", ("kiki:{x}:jobs:interactive:any",), ()),
    ("groups", (KEYS.jobs("interactive", "m" * 300),), ()),
    ("groups", (JOBS, KEYS.jobs("interactive", "a b")), ()),
    ("partials", (JOBS,), (GROUP, "w", 1, "-1e12")),
    ("partials", (PARTIALS[0], JOBS), (GROUP, "w", 1, "-1e12")),
    ("hypothesis", (HASH,), (0, encode_notice(Detached(SESSION, "elsewhere", 99)))),
    ("hypothesis", (HASH,), (0, GOOD)),
    ("hypothesis", (JOBS,), (0, encode_notice(Hypothesis(SESSION, 0, "x")))),
    ("finish", (HASH, JOBS, WORKERS_KEY, FIGURES), ending(GOOD)),
    ("finish", (HASH, JOBS, HASH, FIGURES), ending(GOOD)),
    ("finish", (HASH, JOBS, Keys(1).backlog, FIGURES), ending(GOOD)),
    ("finish", (HASH, JOBS, KEYS.backlog, HASH), ending(GOOD)),
    ("finish", (HASH, PARTIALS[0], KEYS.backlog, FIGURES), ending(GOOD)),
    ("finish", (HASH, Keys(1).jobs("interactive"), KEYS.backlog, FIGURES), ending(GOOD)),
    ("finish", (JOBS, JOBS, KEYS.backlog, FIGURES), ending(GOOD)),
    ("finish", ENDING, ending(GOOD, samples="-1")),
    ("finish", ENDING, ending(GOOD, samples="1e18")),
    ("finish", ENDING, ending(encode_notice(failure(job())))),
    ("finish", ENDING, ending(encode_notice(Detached(SESSION, "elsewhere", 99)))),
    ("finish", ENDING, ending(b"{")),
    ("finish", ENDING, ending(b'"result"')),
    ("finish", ENDING, ending(b'{"type":"result"}')),
    ("finish", ENDING, ending(b'{"type":"result","text":7}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"\xe4\xb8"}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"\xed\xa0\x80"}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"\xe4\xc2\x80\xb8\x80"}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","queue_ms":-1}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","queue_ms":1000000000000}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","decode_ms":0.5}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","decode_ms":NaN}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","words":[{"text":"x"}]}')),
    ("finish", ENDING, ending(b'{"type":"result","text":"x","language":null}')),
    ("fail", (*ENDING, JOBS), (*ending(encode_notice(failure(job()))), HELD, 3)),
    ("fail", (*ENDING, KEYS.sweep), (*ending(GOOD), HELD, 3)),
    ("fail", (*ENDING, KEYS.sweep), (*ending(encode_notice(failure(job()))), HELD, "many")),
    ("fail", (*ENDING, KEYS.sweep), (*ending(b'{"type":"failure","code":"no","message":"x"}'), HELD, 3)),
]


class AttackedBroker:
    """A worker's account, one job (segment 0) pending for consumer ``held``, and the gateway's side."""

    def __init__(self, worker: Any, redis: Any) -> None:
        self.worker = worker
        self.redis = redis
        self.other = GatewaySide(redis)
        self.entry = ""

    async def begin(self) -> None:
        """Create the state that a gateway and an honest worker leave."""
        await self.other.attach()
        await self.run("groups", (*STREAMS, *PARTIALS))
        self.entry = await self.other.submit(job())
        await self.redis.xreadgroup(GROUP, HELD, {JOBS: ">"})

    async def run(self, name: str, keys: tuple[str, ...], *arguments: Any) -> Any:
        """Run a script. The first argument of ``finish`` and ``fail`` is replaced by the entry's id."""
        digest = await self.worker.script_load(load_scripts()[name])
        first = [self.entry] if name in ("finish", "fail") else list(arguments[:1])
        return await self.worker.evalsha(digest, len(keys), *keys, *first, *arguments[1:])

    async def everything(self) -> dict[bytes, bytes]:
        """Return a dump of all keys in the broker."""
        return {key: await self.redis.dump(key) for key in await self.redis.keys()}


@pytest.fixture
async def attacked(any_broker: Broker, redis: Any) -> AsyncIterator[AttackedBroker]:
    """An attacker that runs scripts with arbitrary arguments."""
    async with accounts_of(redis).account("w") as account, client_of(any_broker, account) as worker:
        one = AttackedBroker(worker, redis)
        await one.begin()
        yield one


async def test_scripts_reject_wrong_keys_and_unreadable_values(attacked: AttackedBroker) -> None:
    before = await attacked.everything()
    async with attacked.other.listening() as heard:
        for name, keys, arguments in BAD:
            with pytest.raises(ResponseError, match=r"\bnot "):
                await attacked.run(name, keys, *arguments)
            assert await attacked.everything() == before, (name, keys, arguments)
        assert await attacked.run("hypothesis", (HASH,), "7", encode_notice(Hypothesis("s", 8, "x", samples=5)))
        assert await heard() == Hypothesis(SESSION, 7, "x", samples=5)  # the first published notice


async def test_job_of_other_segment_is_not_removed(attacked: AttackedBroker) -> None:
    before = await attacked.everything()
    for keys, segment in ((KEYS.session("nobody"), "0"), (HASH, "1"), (HASH, "00")):
        arguments = ending(GOOD, segment, samples="1")
        assert await attacked.run("finish", (keys, *ENDING[1:]), *arguments) == 0
        assert await attacked.run("fail", (keys, *ENDING[1:], KEYS.sweep), *arguments, HELD, 1) == b"gone"
    assert await attacked.everything() == before


async def test_stored_result_ignores_forged_fields_of_worker(attacked: AttackedBroker) -> None:
    forged = encode_notice(Result("other", 9, "你好 \U0001f600", attempt=9, words=(), decode_ms=5))
    assert await attacked.run("finish", ENDING, *ending(forged, attempt="4294967295", samples="9999999999")) == 1
    assert await attacked.other.stored() == Result(SESSION, 0, "你好 \U0001f600", decode_ms=5)
    assert await attacked.other.end() == str(Ended(EndState.FINAL, 0)).encode()
    assert await attacked.other.backlog() == 0


async def test_unreadable_worker_status_does_not_break_survey(
    any_broker: Broker, attacked: AttackedBroker
) -> None:
    await attacked.run("heartbeat", (WORKERS_KEY,), "w", '{"at_ms":0}')
    await attacked.redis.hset(WORKERS_KEY, "of the future", '{"at_ms":99999999999999}')
    async with open_jobs(any_broker.url, "g") as jobs:
        assert (await jobs.survey()).workers == ()
    await attacked.run("heartbeat", (WORKERS_KEY,), "w", '{"at_ms":0}')
    assert await attacked.redis.hkeys(WORKERS_KEY) == [b"w"]


async def test_worker_status_is_stored_up_to_the_limit_of_its_length(attacked: AttackedBroker) -> None:
    longest = '{"at_ms":0}'.ljust(16_384 - len("w"))
    await attacked.run("heartbeat", (WORKERS_KEY,), "w", longest)
    with pytest.raises(ResponseError, match="not a status"):
        await attacked.run("heartbeat", (WORKERS_KEY,), "w", longest + " ")
    assert await attacked.redis.hkeys(WORKERS_KEY) == [b"w"]
