"""A request to a gateway and its answer in JSON."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address, convert_errors, credentials, refusal, ssl_argument
from client.errors import Refused
from protocol.decoding import explain
from protocol.errors import MalformedMessage

ANSWER_S: Final = 5.0
MOST_BYTES: Final = 16 * 1024 * 1024
_JSON: Final = "application/json"

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
    async with requests(address, deadline_s) as http:
        return await http.ask(asked, kind, body, expected)


@asynccontextmanager
async def requests(address: Address, deadline_s: float = ANSWER_S) -> AsyncIterator["Requests"]:
    """Provide several requests over one connection, each with this deadline. Raises ``Refused``."""
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    async with aiohttp.ClientSession(timeout=timeout, headers=credentials(address)) as http:
        yield Requests(http, address)


class Requests:
    """Requests to one gateway."""

    def __init__(self, http: aiohttp.ClientSession, address: Address) -> None:
        self._http, self._address = http, address

    async def ask(
        self,
        asked: str,
        kind: type[_Answer],
        body: Struct | None = None,
        expected: Collection[int] = (HTTPStatus.OK,),
    ) -> _Answer:
        """Return the answer, like ``request``."""
        method, path = asked.split(" ", 1)
        address, url = self._address, self._address.url.rstrip("/") + path
        data = msgspec.json.encode(body) if body is not None else None
        try:
            with convert_errors("ask"):
                async with self._http.request(
                    method, url, data=data, ssl=ssl_argument(address), allow_redirects=False
                ) as response:
                    status, ours = response.status, response.content_type == _JSON  # else it may be a proxy's
                    if status not in expected or not (ours or status == HTTPStatus.OK):
                        raise refusal(address, path, status, response.headers)
                    answer = await read_bounded(response.content, MOST_BYTES)
            return msgspec.json.decode(answer, type=kind)
        except (MalformedMessage, ValueError, RecursionError) as error:
            raise Refused(
                f"{address.url} answers {path} in another form: {explain(error, kind)}. Update one of the two"
            ) from error


async def read_bounded(content: aiohttp.StreamReader, most: int) -> bytes:
    """Return the whole body of an answer. Raises ``MalformedMessage`` if it has more than ``most`` bytes."""
    body = bytearray()
    async for piece in content.iter_any():
        body += piece
        if len(body) > most:
            raise MalformedMessage(f"it has more than {most} bytes")
    return bytes(body)
