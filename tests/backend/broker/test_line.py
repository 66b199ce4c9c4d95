"""Connections that are read in the turn of the loop in which replies arrive: redis-py connects them to a fake
server."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.exceptions import BusyLoadingError, InvalidResponse, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from backend.broker.line import open_line
from tests.helpers.waiting import wait_until

Answer = Callable[[bytes], bytes | None]
"""What a server answers to what has just come; ``None``: it hangs up."""
Connection = UnixDomainSocketConnection
SOON_S = 30.0


@asynccontextmanager
async def served(folder: Path, answer: Answer) -> AsyncIterator[Connection]:
    """Yield a connection to a server that accepts redis-py's first commands, then sends these replies."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            known = b"+OK\r\n" * data.count(b"CLIENT")
            if (said := known or answer(data)) is None:
                break
            writer.write(said)
        writer.close()

    place = str(folder / "s")
    server = await asyncio.start_unix_server(serve, place)
    connection = Connection(path=place, protocol=2)
    try:
        yield connection
    finally:
        await connection.disconnect()
        server.close()
        await server.wait_closed()


async def test_replies_of_one_batch_are_returned_in_order(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: b"+a\r\n:2\r\n-ERR no\r\n$1\r\nd\r\n") as connection:
        line = await open_line(connection)
        first, second, third, fourth = await line.ask([b"4 ", b"commands"], 4, SOON_S)
        assert (first, second, fourth) == (b"a", 2, b"d")
        assert isinstance(third, ResponseError)
        assert not line.lost


async def test_line_keeps_no_replies(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: b"+of a peak\r\n") as connection:
        line = await open_line(connection)
        (received,) = await line.ask([b"?"], 1, SOON_S)
        await asyncio.sleep(0)  # the loop holds the reply for the turn in which it arrived
        assert received == b"of a peak"
        assert not [holder for holder in gc.get_referrers(received) if isinstance(holder, list)]


async def test_command_fails_when_the_server_hangs_up(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: None) as connection:
        line = await open_line(connection)
        with pytest.raises(RedisConnectionError):
            await line.ask([b"?"], 1, SOON_S)
        assert line.lost
        with pytest.raises(RedisConnectionError):
            await line.ask([b"?"], 1, SOON_S)


async def test_late_reply_ends_the_pending_request(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: b"") as connection:
        line = await open_line(connection)
        with pytest.raises(TimeoutError):
            await line.ask([b"?"], 1, within_s=0.01)
        assert line.lost


async def test_line_is_opened_again_on_the_same_connection(tmp_path: Path) -> None:
    answers = iter([None, b"+back\r\n"])
    async with served(tmp_path, lambda data: next(answers)) as connection:
        line = await open_line(connection)
        with pytest.raises(RedisConnectionError):
            await line.ask([b"?"], 1, SOON_S)
        assert await (await open_line(connection)).ask([b"?"], 1, SOON_S) == [b"back"]


async def test_loading_server_ends_the_pending_request(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: b"-LOADING its file\r\n") as connection:
        line = await open_line(connection)
        with pytest.raises(BusyLoadingError):
            await line.ask([b"?"], 1, SOON_S)


async def test_garbage_ends_the_pending_request(tmp_path: Path) -> None:
    async with served(tmp_path, lambda data: b"HTTP/1.1 200\r\n") as connection:
        line = await open_line(connection)
        with pytest.raises(InvalidResponse):
            await line.ask([b"?"], 1, SOON_S)


async def test_messages_arrive_without_a_request(tmp_path: Path) -> None:
    heard: list[object] = []
    async with served(tmp_path, lambda data: b"+one\r\n+two\r\n") as connection:
        line = await open_line(connection, heard.append)
        line.say("SUBSCRIBE", "x")
        await wait_until(lambda: len(heard) == 2, "both are there")
        assert heard == [b"one", b"two"]
        await line.stay(0.0)


async def test_error_of_a_listener_ends_the_line(tmp_path: Path) -> None:
    def refuse(message: object) -> None:
        raise LookupError(message)

    async with served(tmp_path, lambda data: b"+one\r\n") as connection:
        line = await open_line(connection, refuse)
        line.say("SUBSCRIBE", "x")
        with pytest.raises(LookupError):
            await line.stay(10.0)
