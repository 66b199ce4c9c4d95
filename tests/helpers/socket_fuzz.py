"""Send broken messages to a WebSocket, over and over, and collect what it answers."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

import aiohttp

_MOST_A_CONNECTION: Final = 60
_LEAVES_ABRUPTLY: Final = 0.3
_ANSWER_S: Final = 30.0
_LETTERS: Final = '{}[]":,0123456789truefalsnu\\\ud800é语 '

Message = str | bytes


async def fuzz_socket(
    url: str, make: Callable[[Random], Message], last: Message, count: int, seed: int
) -> list[Message]:
    """Send ``count`` messages over as many connections as it takes; return all answers.

    ``last``: message after which the server closes; some connections break without it.
    """
    random, answers, sent = Random(seed), list[Message](), 0
    async with aiohttp.ClientSession() as http:
        while sent < count:
            messages = [make(random) for _ in range(random.randint(1, _MOST_A_CONNECTION))]
            abrupt = random.random() < _LEAVES_ABRUPTLY
            sent += len(messages)
            async with http.ws_connect(url) as socket, asyncio.timeout(_ANSWER_S):
                reading = asyncio.create_task(_read(socket, answers))
                with suppress(ConnectionError, aiohttp.ClientError):  # the server has closed
                    for message in messages if abrupt else [*messages, last]:
                        await _send(socket, message)
                if abrupt:
                    await socket.close()
                await reading
    return answers


def broken(random: Random, valid: Message) -> Message:
    """Return a message with a few changes; sometimes none."""
    if isinstance(valid, bytes):
        return valid[: random.randint(0, len(valid))] + random.randbytes(random.randint(0, 3))
    text = list(valid)
    for _ in range(random.randint(0, 3)):
        place = random.randrange(len(text) + 1)
        text[place : place + random.randint(0, 2)] = random.choice(_LETTERS)
    return "".join(text).encode("utf-8", "replace").decode()


async def _send(socket: aiohttp.ClientWebSocketResponse, message: Message) -> None:
    if isinstance(message, str):
        await socket.send_str(message)
    else:
        await socket.send_bytes(message)


async def _read(socket: aiohttp.ClientWebSocketResponse, answers: list[Message]) -> None:
    async for message in socket:
        if isinstance(message.data, Message):
            answers.append(message.data)
