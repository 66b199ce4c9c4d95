"""List of a gateway's loaded models."""

from client.connection import Address
from client.models import MODELS_PATH, LoadedModel, loaded_models
from tests.client.test_request import answering


async def test_loaded_models_are_unique_and_sorted() -> None:
    keys = list[str]()
    listed = '{"models": [{"model": "b", "languages": [], "needs_context": true}, {"model": "a"}, {}], "new": 1}'
    async with answering(MODELS_PATH, 200, listed, keys) as url:
        expected = (LoadedModel("a"), LoadedModel("b", needs_context=True))
        assert await loaded_models(Address(url, "secret")) == expected
    assert keys == ["Bearer secret"]
