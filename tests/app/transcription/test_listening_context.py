"""Models' need for context."""

import pytest
from aiohttp import web

from app.transcription.listening import ContextNeed, needs_context
from client.connection import Address, fixed_locator
from client.models import MODELS_PATH, LoadedModel
from tests.helpers.web_server import serving

WHISPER, SENSEVOICE = LoadedModel("whisper-base", needs_context=True), LoadedModel("SenseVoiceSmall")


@pytest.mark.parametrize(
    ("models", "wanted", "needed"),
    [
        ((), "", False),
        ((WHISPER,), "", True),
        ((SENSEVOICE,), "", False),
        ((SENSEVOICE, WHISPER), "", True),
        ((SENSEVOICE, WHISPER), "SenseVoiceSmall", False),
        ((SENSEVOICE, WHISPER), "whisper-base", True),
        ((SENSEVOICE,), "whisper-base", False),
    ],
)
def test_context_is_needed_if_a_model_that_may_recognise_needs_it(
    models: tuple[LoadedModel, ...], wanted: str, needed: bool
) -> None:
    assert needs_context(models, wanted) is needed


async def test_need_is_what_the_gateway_said_last() -> None:
    context = ContextNeed()
    assert not context.needs_context("")
    listed = {"models": [{"model": "whisper-base", "needs_context": True}]}

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(listed)

    async with serving(web.get(MODELS_PATH, answer)) as url:
        await context.refresh(fixed_locator(Address(url)))
    assert context.needs_context("") and not context.needs_context("other")
    await context.refresh(fixed_locator(Address("http://127.0.0.1:9")))
    assert context.needs_context(""), "a gateway that is away does not change the models"
