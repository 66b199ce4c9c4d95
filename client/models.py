"""Models that a gateway's workers have loaded: ``GET /v1/models``."""

from typing import Final

from msgspec import Struct

from client.connection import Address
from client.request import ANSWER_S, request

MODELS_PATH: Final = "/v1/models"


class LoadedModel(Struct, frozen=True):
    """Model of a gateway's workers. ``needs_context``: short segments cost it accuracy."""

    model: str = ""
    needs_context: bool = False


class _Models(Struct, frozen=True):
    models: tuple[LoadedModel, ...] = ()


async def loaded_models(address: Address, deadline_s: float = ANSWER_S) -> tuple[LoadedModel, ...]:
    """Return the loaded models, sorted by name. Raises ``Unreachable`` or ``Refused``."""
    listed = (await request(address, f"GET {MODELS_PATH}", _Models, deadline_s=deadline_s)).models
    return tuple(sorted({one for one in listed if one.model}, key=lambda one: one.model))
