"""Learn whether the model that will recognise needs context, so that segments are cut at longer pauses."""

from collections.abc import Sequence

from client.connection import Locate
from client.errors import GatewayError
from client.models import LoadedModel, loaded_models
from client.request import ANSWER_S


def needs_context(models: Sequence[LoadedModel], wanted: str) -> bool:
    """Return whether any model that may recognise needs context; an empty ``wanted`` means any model. Pure."""
    return any(one.needs_context for one in models if wanted in ("", one.model))


class ContextNeed:
    """Memory of what the gateway in use said last about its models. While nothing is known, none needs context."""

    def __init__(self) -> None:
        self._models: Sequence[LoadedModel] = ()

    async def look(self, locate: Locate, deadline_s: float = ANSWER_S) -> None:
        """Ask the gateway for its models. Without an answer, those known before stay."""
        try:
            self._models = await loaded_models(locate(), deadline_s)
        except GatewayError:
            return

    def needed(self, model: str) -> bool:
        """Return whether recognition with ``model`` needs context; empty: any model."""
        return needs_context(self._models, model)
