"""What a worker may say to the broker, in every cut."""

import re
from contextlib import suppress
from hashlib import sha1
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from backend.worker_commands import CommandGate, known_digests, may_say
from protocol.errors import Forbidden, MalformedMessage, ProtocolError
from tests.helpers.valkey import Broker
from worker.scripts import load_scripts

SCRIPT = b"return 1"
DIGEST = sha1(SCRIPT).hexdigest().encode()
MAY: list[list[bytes]] = [
    [b"PING"],
    [b"time"],
    [b"INFO", b"server"],
    [b"CLIENT", b"SETINFO", b"LIB-NAME", b"redis-py"],
    [b"SCRIPT", b"LOAD", SCRIPT],
    [b"EVALSHA", DIGEST, b"1", b"key", b"\r\n*1\r\n$5\r\nRESET\r\n"],
    b"XREADGROUP GROUP workers w COUNT 1 BLOCK 1 STREAMS s t > >".split(),
    b"XREADGROUP GROUP workers w STREAMS s >".split(),
    [b"HVALS", b"kiki:workers"],
    [b"HDEL", b"kiki:workers", b"w"],
]
MAY_NOT: list[list[bytes]] = [
    [b"AUTH", b"default", b"x"],
    [b"HELLO", b"3", b"AUTH", b"default", b"x"],
    [b"RESET"],
    [b"SELECT", b"1"],
    [b"INFO"],
    [b"INFO", b"everything"],
    b"XREADGROUP GROUP workers w NOACK STREAMS s >".split(),
    b"XREADGROUP GROUP workers w COUNT 1 noack STREAMS s >".split(),
    b"XREADGROUP GROUP workers w STREAMS s 0".split(),
    b"XREADGROUP GROUP workers w STREAMS s t > 0".split(),
    b"XREADGROUP GROUP workers w STREAMS >".split(),
    b"XREADGROUP GROUP workers w STREAMS".split(),
    b"XREADGROUP GROUP workers w COUNT".split(),
    b"XREADGROUP GROUP others w STREAMS s >".split(),
    [*b"XREADGROUP GROUP workers w STREAMS".split(), *(b"s",) * 40, *(b">",) * 40],
    [b"XREADGROUP"],
    [b"EVAL", SCRIPT, b"0"],
    [b"EVALSHA", b"0" * 40, b"0"],
    [b"EVALSHA"],
    [b"SCRIPT", b"LOAD", SCRIPT + b" "],
    [b"SCRIPT", b"FLUSH"],
    [b"SCRIPT"],
    [b"CLIENT", b"LIST"],
    [b"CLIENT"],
    [b"HVALS", b"kiki:{0}:session:s"],
    [b"HDEL", b"kiki:{0}:session:s", b"w"],
    [b"HSET", b"kiki:workers", b"w", b"x"],
    [b"PING", b"x"],
    [b""],
]


def packed(words: list[bytes]) -> bytes:
    """A command as it is sent."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """``data`` in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in pairwise([0, *places, len(data)])]


@given(st.data(), st.lists(st.sampled_from(MAY), max_size=6))
def test_what_workers_say_passes_however_it_is_cut(data: st.DataObject, commands: list[list[bytes]]) -> None:
    gate = CommandGate({DIGEST})
    for piece in data.draw(cut(b"".join(map(packed, commands)))):
        gate.feed(piece)


@given(st.data(), st.lists(st.sampled_from(MAY), max_size=3), st.sampled_from(MAY_NOT))
def test_anything_else_is_refused_before_its_last_byte(
    data: st.DataObject, before: list[list[bytes]], command: list[bytes]
) -> None:
    gate, sent = CommandGate({DIGEST}), b""
    whole = b"".join(map(packed, [*before, command]))
    with pytest.raises(Forbidden):  # which piece it is depends on the cut
        for piece in data.draw(cut(whole)):
            gate.feed(piece)
            sent += piece
    assert len(sent) < len(whole)


@pytest.mark.parametrize(
    "data",
    [b"PING\r\n", b"*0\r\n", b"*-1\r\n", b"*1\r\nPING\r\n", b"*1\r\n$x\r\n", b"*" + b"1" * 40, b"*99999999\r\n"],
)
def test_what_is_no_command_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        CommandGate(set()).feed(data)


@given(st.binary(max_size=200))
def test_rubbish_raises_nothing_else(data: bytes) -> None:
    with suppress(ProtocolError):
        CommandGate({DIGEST}).feed(data)


def test_long_commands_are_refused_before_they_come() -> None:
    call = b"*9\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n1\r\n" % DIGEST
    for word in (b"$999999999\r\n", b"$1100000\r\n"):
        with pytest.raises(Forbidden):
            CommandGate({DIGEST}).feed(call + word)
    gate = CommandGate({DIGEST})
    half = b"$600000\r\n%s\r\n" % bytes(600_000)
    gate.feed(call + half)
    with pytest.raises(Forbidden):
        gate.feed(half[:9])
    with pytest.raises(Forbidden):
        CommandGate({DIGEST}).feed(b"*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$70000\r\n")


def test_more_than_the_broker_answers_is_refused() -> None:
    gate = CommandGate({DIGEST})
    result = packed([b"EVALSHA", DIGEST, b"0", bytes(500_000)])
    for _ in range(40):
        gate.feed(result)
        gate.answered()
    gate.feed(packed(b"XREADGROUP GROUP workers w BLOCK 0 STREAMS s >".split()))
    with pytest.raises(Forbidden, match="answered"):
        for _ in range(5):
            gate.feed(result)


async def test_of_all_commands_of_a_broker_few_pass(any_broker: Broker) -> None:
    client: Any = Redis.from_url(any_broker.url, protocol=2)
    async with client as redis:
        names = {name.decode().upper().encode() for name in await redis.execute_command("COMMAND LIST")}
    assert len(names) > 200
    plain = {name for name in names if may_say([name, b"kiki:{0}:session:s", DIGEST], 3, {DIGEST})}
    assert plain == set()
    assert {name for name in names if may_say([name], 1, {DIGEST})} == {b"PING", b"TIME"}


def test_the_scripts_of_this_version_are_known() -> None:
    wanted = {name: sha1(text.encode()).hexdigest() for name, text in sorted(load_scripts().items())}
    should_be = "\n".join(f'{name} = "{digest}"' for name, digest in wanted.items())
    assert {digest.encode() for digest in wanted.values()} <= known_digests(), f"worker_scripts.toml:\n{should_be}"
    assert all(re.fullmatch(rb"[0-9a-f]{40}", digest) for digest in known_digests())
