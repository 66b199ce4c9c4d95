"""A request to a gateway and its answer in JSON."""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import Refused
from protocol.decoding import explain
from protocol.errors import MalformedMessage

ANSWER_S: Final = 5.0
MOST_BYTES: Final = 16 * 1024 * 1024

_Answer = TypeVar("_Answer")


async def request(
    address: Address,
    asked: str,
    kind: type[_Answer],
    body: Struct | None = None,
    deadline_s: float = ANSWER_S,
    expected: Collection[int] = (HTTPStatus.OK,),
) -> _Answer:
    """Return the answer, decoded as ``kind``. ``asked``: method and path, such as ``GET /v1/models``.

    Raises ``Unreachable`` or ``Refused``, also for a status that is not ``expected``.
    """
    method, path = asked.split(" ", 1)
    url, timeout = address.url.rstrip("/") + path, aiohttp.ClientTimeout(total=deadline_s)
    data = msgspec.json.encode(body) if body is not None else None
    try:
        with broken("ask"):
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http,
                http.request(method, url, data=data, ssl=pinned(address), allow_redirects=False) as response,
            ):
                if response.status not in expected:
                    raise refusal(address, path, response.status, response.headers)
                answer = await bounded(response.content, MOST_BYTES)
        return msgspec.json.decode(answer, type=kind)
    except (MalformedMessage, ValueError, RecursionError) as error:
        raise Refused(
            f"{address.url} says something else to {path}: {explain(error, kind)}. Update one of the two"
        ) from error


async def bounded(content: aiohttp.StreamReader, most: int) -> bytes:
    """Return the whole body of an answer. Raises ``MalformedMessage`` if it has more than ``most`` bytes."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > most:
            raise MalformedMessage(f"it has more than {most} bytes")
    return bytes(body)
