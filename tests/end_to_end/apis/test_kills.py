"""All APIs at once while programs are killed: whole texts, or errors that their clients understand."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from protocol.endpoint import Endpoint
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import kill_broker, open_to_all
from tests.helpers.api_speakers import APIS, ApiFailed, Speak, wyoming
from tests.helpers.chain import Chain, running_chain
from tests.helpers.ports import free_port

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)] * 2)

BUSY = "[status 503 busy]"
"""Answer to a file that comes while there is no broker: its client tries again."""


@pytest.fixture
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, dict[str, Speak]]]:
    port = free_port()
    with running_chain(tmp_path_factory.mktemp("kills")) as chain:
        open_to_all(chain, port)
        yield chain, APIS | {"wyoming": wyoming(port)}


async def all_said(endpoint: Endpoint, apis: dict[str, Speak], sent: dict[str, asyncio.Event]) -> dict[str, str]:
    """Speak through all APIs at the same time; return texts, and errors in brackets."""

    async def said(name: str, speak: Speak) -> str:
        try:
            return await speak(endpoint, SPOKEN, sent[name])
        except ApiFailed as error:
            return f"[{error}]"

    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(said(name, speak)) for name, speak in apis.items()}
    return {name: task.result() for name, task in tasks.items()}


async def test_killed_worker_and_broker_lose_nothing(chain: tuple[Chain, dict[str, Speak]]) -> None:
    running, apis = chain
    gateway, endpoint = running.gateway()
    worker = running.worker("--engine", "checksum")
    whole = await all_said(endpoint, apis, {name: asyncio.Event() for name in apis})
    assert all(whole.values()) and not any("[" in text for text in whole.values()), whole
    sent = {name: asyncio.Event() for name in apis}
    saying = asyncio.create_task(all_said(endpoint, apis, sent))
    await asyncio.to_thread(worker.kill)
    async with asyncio.timeout(60):
        for event in sent.values():
            await event.wait()
    await asyncio.to_thread(kill_broker, gateway)
    running.worker("--engine", "checksum")
    for name, text in (await saying).items():
        assert text == whole[name] or (name.startswith("openai") and text == BUSY), (name, text)


async def test_killed_gateway_is_an_error_and_partial_text_never_counts_as_whole(
    chain: tuple[Chain, dict[str, Speak]],
) -> None:
    running, apis = chain
    gateway, endpoint = running.gateway()
    sent = {name: asyncio.Event() for name in apis}
    saying = asyncio.create_task(all_said(endpoint, apis, sent))  # no worker: no text can come
    async with asyncio.timeout(60):
        for event in sent.values():
            await event.wait()
    await asyncio.to_thread(gateway.kill)
    found = await saying
    assert all(text.startswith("[") for text in found.values()), found
    _, again = running.gateway()
    running.worker("--engine", "checksum")
    texts = await all_said(again, apis, {name: asyncio.Event() for name in apis})
    assert not any(text.startswith("[") for text in texts.values()) and all(texts.values()), texts
