"""Models that a gateway's workers have loaded: ``GET /v1/models``."""

from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct

from client.connection import Address, broken, credentials, pinned, refusal
from client.errors import Refused

MODELS_PATH: Final = "/v1/models"
ANSWER_S: Final = 5.0


class LoadedModel(Struct, frozen=True):
    """Model of a gateway's workers. ``needs_context``: short segments cost it accuracy."""

    model: str = ""
    needs_context: bool = False


class _Models(Struct, frozen=True):
    models: tuple[LoadedModel, ...] = ()


async def loaded_models(address: Address, deadline_s: float = ANSWER_S) -> tuple[LoadedModel, ...]:
    """Return the loaded models, sorted by name. Raises ``Unreachable`` or ``Refused``."""
    url, timeout = address.url.rstrip("/") + MODELS_PATH, aiohttp.ClientTimeout(total=deadline_s)
    with broken("models"):
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(url, headers=credentials(address), ssl=pinned(address), allow_redirects=False) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise refusal(address, MODELS_PATH, response.status, response.headers)
            answer = await response.read()
    try:
        listed = msgspec.json.decode(answer, type=_Models).models
    except msgspec.DecodeError as error:
        raise Refused(f"{address.url} says something else than models: {error}. Update one of the two") from error
    return tuple(sorted({one for one in listed if one.model}, key=lambda one: one.model))
