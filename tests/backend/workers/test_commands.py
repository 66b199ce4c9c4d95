"""Commands of workers, split at any byte."""

import re
import tomllib
from contextlib import suppress
from hashlib import sha1
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from backend.workers.calls import ConnectionState
from backend.workers.commands import MOST_UNANSWERED, CommandGate, known_scripts
from protocol.errors import Forbidden, MalformedMessage, ProtocolError
from protocol.job import LONGEST_NOTICE
from tests.helpers.valkey import Broker
from worker.broker.scripts import load_scripts

STREAM, OTHER = b"kiki:{0}:jobs:interactive:m", b"kiki:{0}:partials:any"
LIVE, INBOX = b"kiki:{0}:stream:m", b"kiki:{0}:stream-of:w"
HASH, BACKLOG, FIGURES = b"kiki:{0}:session:s", b"kiki:{0}:backlog", b"kiki:{0}:history:figures"
LOADED = b"return 1"
DIGESTS = {name: sha1(text.encode()).hexdigest().encode() for name, text in load_scripts().items()}
SCRIPTS = {digest: name for name, digest in DIGESTS.items()} | {sha1(LOADED).hexdigest().encode(): "groups"}
OK = b"+OK\r\n"


def call(name: str, keys: list[bytes], *arguments: bytes) -> list[bytes]:
    """Return a call of a worker's script."""
    return [b"EVALSHA", DIGESTS[name], b"%d" % len(keys), *keys, *arguments]


def read(*streams: bytes, consumer: bytes = b"w", options: bytes = b"COUNT 1 BLOCK 1") -> list[bytes]:
    """Return a blocking read of new entries."""
    words = [b"XREADGROUP", b"GROUP", b"workers", consumer, *options.split(), b"STREAMS"]
    return [*words, *streams, *[b">"] * len(streams)]


ENDING = (b"1-0", b"0", b"0", b"1600")
ALLOWED: list[list[bytes]] = [
    [b"PING"],
    [b"time"],
    [b"INFO", b"server"],
    [b"CLIENT", b"SETINFO", b"LIB-NAME", b"redis-py"],
    [b"CLIENT", b"SETNAME", b"w"],
    [b"SCRIPT", b"LOAD", LOADED],
    read(STREAM, OTHER),
    read(STREAM, options=b""),
    [b"XREAD", b"COUNT", b"1", b"BLOCK", b"500", b"STREAMS", LIVE, INBOX, b"0", b"0"],
    [b"HVALS", b"kiki:workers"],
    [b"HDEL", b"kiki:workers", b"w"],
    call("groups", [STREAM, OTHER]),
    call("take", [STREAM], b"workers", b"w", b"64"),
    call("leftovers", [STREAM, OTHER], b"workers", b"w", b"1", b"250", b"0"),
    call("alive", [b"kiki:{0}:streamers", INBOX, LIVE], b"w", b"3000", b"{}"),
    call("feeds", [INBOX, LIVE], b"1000", b"256", b"9"),
    call("answers", [HASH, HASH], b"{}", b"{}"),
    call("glance", [BACKLOG, STREAM, OTHER], b"workers"),
    call("others", [STREAM], b"workers", b"w", b"returned"),
    call("borrow", [STREAM], b"1-0"),
    call("partials", [OTHER], b"workers", b"w", b"0", b"2000"),
    call("sweep", [b"kiki:{0}:sweep", STREAM], b"workers", b"w", b"1", b"600000", b"1"),
    call("renew", [STREAM], b"workers", b"w", b"1-0", b"2-0"),
    call("finish", [HASH, STREAM, BACKLOG, FIGURES], *ENDING, b"\r\n*1\r\n$5\r\nRESET\r\n"),
    call("fail", [HASH, STREAM, BACKLOG, FIGURES, b"kiki:{0}:sweep"], *ENDING, b"{}", b"w", b"3"),
    call("hypothesis", [HASH], b"0", b"{}"),
    call("leave", [b"kiki:{0}:sweep", STREAM], b"w"),
    call("heartbeat", [b"kiki:workers"], b"w", b"{}"),
    call("heartbeat", [b"kiki:{3}:workers"], b"w", b"{}"),
    [b"HVALS", b"kiki:{3}:workers"],
    [b"CLIENT", b"ID"],
]
FORBIDDEN: list[list[bytes]] = [
    [b"CLIENT", b"UNBLOCK", b"7"],
    [b"CLIENT", b"KILL", b"7"],
    [b"HVALS", b"kiki:{3}:backlog"],
    [b"AUTH", b"default", b"x"],
    [b"HELLO", b"3", b"AUTH", b"default", b"x"],
    [b"RESET"],
    [b"SELECT", b"1"],
    [b"INFO"],
    [b"INFO", b"everything"],
    read(STREAM, options=b"NOACK"),
    read(STREAM, options=b"COUNT 1 noack"),
    read(STREAM, options=b"COUNT 65"),
    read(STREAM, options=b"BLOCK x"),
    read(STREAM)[:-1],
    read(STREAM, STREAM)[:-1] + [b"0"],
    read(STREAM)[:-1] + [b"0"],
    read(),
    read(b"s"),
    read(b"kiki:{0}:dead"),
    read(STREAM, consumer=b""),
    read(STREAM, consumer=b"returned"),
    read(STREAM, consumer=b"a\nb"),
    read(STREAM, consumer=b"w" * 257),
    read(*[b"%s%d" % (STREAM, n) for n in range(9)]),
    read(*[STREAM] * 9),
    [b"XREADGROUP", b"GROUP", b"others", *read(STREAM)[3:]],
    [b"XREADGROUP", b"GROUP", b"workers", b"w", b"COUNT"],
    [b"XREADGROUP"],
    [b"XREAD", b"COUNT", b"1", b"BLOCK", b"500", b"STREAMS", STREAM, b"0"],
    [b"XREAD", b"COUNT", b"2", b"STREAMS", LIVE, b"0"],
    [b"XREAD", b"STREAMS", LIVE, b"$"],
    [b"XREAD", b"STREAMS", *[LIVE] * 9, *[b"0"] * 9],
    [b"XREAD", b"STREAMS", LIVE, b"0", b"0"],
    [b"XREAD", b"COUNT"],
    call("feeds", [STREAM], b"1000", b"1"),
    call("alive", [b"kiki:{0}:streamers", STREAM], b"w", b"3000", b"{}"),
    call("alive", [b"kiki:{0}:streamers", INBOX], b"w", b"3000", b" " * 8193),
    call("answers", [b"elsewhere"], b"{}"),
    [b"EVAL", LOADED, b"0"],
    [b"EVALSHA", b"0" * 40, b"0"],
    [b"EVALSHA"],
    call("groups", []),
    call("groups", [STREAM], b"x"),
    call("groups", [STREAM + b"m" * 256]),
    call("groups", [b"kiki:{0}:jobs:interactive:a b"]),
    call("groups", [b"kiki:{0}:jobs:of-its-own:m"]),
    call("take", [STREAM], b"workers", b"w"),
    call("take", [STREAM], b"workers", b"w", b"65"),
    call("take", [STREAM], b"others", b"w", b"1"),
    call("take", [HASH], b"workers", b"w", b"1"),
    call("borrow", [STREAM, OTHER], b"1-0"),
    call("renew", [STREAM], b"workers", b"w", b"1" * 65),
    call("renew", [STREAM], b"workers", b"w", *[b"1-0"] * 600),
    call("finish", [HASH, STREAM, BACKLOG, FIGURES], *ENDING),
    call("finish", [b"elsewhere", STREAM, BACKLOG, FIGURES], *ENDING, b"{}"),
    call("finish", [HASH, STREAM, BACKLOG, FIGURES], *ENDING, b" " * (LONGEST_NOTICE + 1)),
    call("heartbeat", [b"kiki:workers"], b"w", b" " * 8193),
    [b"SCRIPT", b"LOAD", LOADED + b" "],
    [b"SCRIPT", b"FLUSH"],
    [b"SCRIPT"],
    [b"CLIENT", b"LIST"],
    [b"CLIENT", b"SETNAME", b"w" * 65],
    [b"CLIENT"],
    [b"HVALS", HASH],
    [b"HDEL", HASH, b"w"],
    [b"HSET", b"kiki:workers", b"w", b"x"],
    [b"PING", b"x"],
    [b""],
]


def packed(words: list[bytes]) -> bytes:
    """Encode words as a command of the broker."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Split ``data`` into random pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in pairwise([0, *places, len(data)])]


@given(st.data(), st.lists(st.sampled_from(ALLOWED), max_size=6))
def test_gate_passes_worker_commands_split_anywhere(data: st.DataObject, commands: list[list[bytes]]) -> None:
    gate = CommandGate(SCRIPTS)
    for piece in data.draw(cut(b"".join(map(packed, commands)))):
        gate.feed(piece)


@pytest.mark.parametrize("command", ALLOWED, ids=lambda command: b" ".join(command[:2]).decode())
def test_gate_passes_each_command_of_a_worker(command: list[bytes]) -> None:
    CommandGate(SCRIPTS).feed(packed(command))


@pytest.mark.parametrize("command", FORBIDDEN, ids=lambda command: b" ".join(command[:5])[:60].decode())
def test_gate_refuses_each_command_that_no_worker_sends(command: list[bytes]) -> None:
    with pytest.raises(Forbidden):
        CommandGate(SCRIPTS).feed(packed(command))


@given(st.data(), st.lists(st.sampled_from(ALLOWED), max_size=3), st.sampled_from(FORBIDDEN))
def test_gate_refuses_other_commands_before_their_last_byte(
    data: st.DataObject, before: list[list[bytes]], command: list[bytes]
) -> None:
    gate, sent = CommandGate(SCRIPTS), b""
    whole = b"".join(map(packed, [*before, command]))
    with pytest.raises(Forbidden):  # raised at a piece that depends on the split
        for piece in data.draw(cut(whole)):
            gate.feed(piece)
            sent += piece
    assert len(sent) < len(whole)


@pytest.mark.parametrize(
    "data",
    [b"PING\r\n", b"*0\r\n", b"*-1\r\n", b"*1\r\nPING\r\n", b"*1\r\n$x\r\n", b"*" + b"1" * 40, b"*99999999\r\n"],
)
def test_malformed_command_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        CommandGate({}).feed(data)


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_protocol_errors(data: bytes) -> None:
    with suppress(ProtocolError):
        CommandGate(SCRIPTS).feed(data)


def test_gate_refuses_long_word_before_its_bytes_arrive() -> None:
    ends = b"*12\r\n" + packed(call("finish", [HASH, STREAM, BACKLOG, FIGURES], *ENDING)).partition(b"\r\n")[2]
    CommandGate(SCRIPTS).feed(ends + b"$%d\r\n" % LONGEST_NOTICE)
    for length in (LONGEST_NOTICE + 1, 999_999_999):
        with pytest.raises(Forbidden, match="no word of"):
            CommandGate(SCRIPTS).feed(ends + b"$%d\r\n" % length)
    for start in (b"*1\r\n$33\r\n", b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$70000\r\n"):
        with pytest.raises(Forbidden):
            CommandGate(SCRIPTS).feed(start)


def test_connection_has_one_consumer_and_eight_streams() -> None:
    gate = CommandGate(SCRIPTS)
    for command in [read(STREAM, consumer=b"w")] * 3:
        gate.feed(packed(command))
        gate.count_replies(OK)
    assert (gate.connection_state.consumer, gate.connection_state.streams) == (b"w", {STREAM})
    for other in (
        read(STREAM, consumer=b"v"),
        call("take", [STREAM], b"workers", b"v", b"1"),
        call("leave", [b"kiki:{0}:sweep"], b"v"),
        call("heartbeat", [b"kiki:workers"], b"v", b"{}"),
        [b"HDEL", b"kiki:workers", b"v"],
    ):
        again = CommandGate(SCRIPTS, gate.connection_state)
        with pytest.raises(Forbidden, match="may not send 'v'"):
            again.feed(packed(other))
    gate.feed(packed(call("groups", [b"%s%d" % (STREAM, n) for n in range(7)])))
    with pytest.raises(Forbidden):
        gate.feed(packed(call("groups", [STREAM + b"7"])))


def test_consumer_name_refused_by_claim_is_forbidden() -> None:
    claimed: list[bytes] = []

    def claim(name: bytes) -> bool:
        claimed.append(name)
        return name == b"mine"

    gate = CommandGate(SCRIPTS, ConnectionState(claim))
    gate.feed(packed(read(STREAM, consumer=b"mine")) * 2)
    with pytest.raises(Forbidden):
        CommandGate(SCRIPTS, ConnectionState(claim)).feed(packed(read(STREAM, consumer=b"another's")))
    assert claimed == [b"mine", b"another's"]


def test_gate_limits_unanswered_commands() -> None:
    gate, waits = CommandGate(SCRIPTS), packed(read(STREAM))
    for _ in range(3):
        gate.feed(waits * MOST_UNANSWERED)
        gate.count_replies(b"*-1\r\n" * MOST_UNANSWERED)
    gate.feed(waits * MOST_UNANSWERED)
    gate.count_replies(b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n")  # half a reply does not count
    with pytest.raises(Forbidden, match="answered"):
        gate.feed(waits)


async def test_gate_passes_few_of_all_broker_commands(any_broker: Broker) -> None:
    client: Any = Redis.from_url(any_broker.url, protocol=2)
    async with client as redis:
        names = {name.decode().upper().encode() for name in await redis.execute_command("COMMAND LIST")}
    assert len(names) > 200

    def passes(*words: bytes) -> bool:
        try:
            CommandGate(SCRIPTS).feed(packed(list(words)))
        except Forbidden:
            return False
        return True

    assert not any(passes(name, HASH, next(iter(DIGESTS.values()))) for name in names)
    assert {name for name in names if passes(name)} == {b"PING", b"TIME"}


def test_worker_scripts_file_lists_current_scripts() -> None:
    wanted = {name: sha1(text.encode()).hexdigest() for name, text in sorted(load_scripts().items())}
    should_be = "\n".join(f'{name} = "{digest}"' for name, digest in wanted.items())
    known = known_scripts()
    assert {digest.encode(): name for name, digest in wanted.items()}.items() <= known.items(), (
        f"worker_scripts.toml:\n{should_be}"
    )
    assert all(re.fullmatch(rb"[0-9a-f]{40}", digest) for digest in known)


def test_workers_of_the_previous_version_are_accepted() -> None:
    file = Path(__file__).parents[2] / "data" / "previous" / "worker_scripts.toml"
    previous = tomllib.loads(file.read_text("utf-8"))["scripts"]
    assert {digest.encode(): name for name, digest in previous.items()}.items() <= known_scripts().items()


def test_waiting_ends_only_for_connections_of_the_same_account() -> None:
    clients = {7}
    gate = CommandGate(SCRIPTS, ConnectionState(clients=clients))
    gate.feed(packed([b"CLIENT", b"UNBLOCK", b"7"]))
    clients.clear()
    with pytest.raises(Forbidden):
        gate.feed(packed([b"CLIENT", b"UNBLOCK", b"7"]))
