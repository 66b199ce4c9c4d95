"""The official client of Deepgram, files and live, at a real gateway."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment
from deepgram.core.api_error import ApiError
from websockets.exceptions import ConnectionClosed

from app.local_api.service import local_api
from client.connection import Address, fixed_locator
from protocol.endpoint import Endpoint
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.api_chain import kill_broker, running_api_chain, text_of_file, texts_of_stream
from tests.helpers.chain import Chain
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")  # the client imports old names

FILE = SPEECH / "en-03.flac"
SPOKEN = np.concatenate([*read_audio(FILE), np.zeros(16_000, np.int16)] * 2)
LIVE: dict[str, Any] = {"model": "nova-3", "encoding": "linear16", "sample_rate": 16_000}
BLOCK = 1_600


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Endpoint]]:
    with running_api_chain(tmp_path_factory.mktemp("deepgram")) as running:
        yield running


def places(url: str) -> DeepgramClientEnvironment:
    sockets = url.replace("http", "ws", 1)
    return DeepgramClientEnvironment(base=url, production=sockets, agent=sockets, agent_rest=url)


@pytest.fixture
def client(chain: tuple[Chain, Endpoint]) -> Iterator[DeepgramClient]:
    endpoint = chain[1]
    with httpx.Client(timeout=60) as http:
        yield DeepgramClient(api_key=endpoint.key, environment=places(endpoint.url), httpx_client=http)


async def dictated(endpoint: Endpoint, sent: asyncio.Event | None = None, **options: Any) -> list[Any]:
    """Dictate with the asynchronous client, and return all messages."""
    client = AsyncDeepgramClient(api_key=endpoint.key, environment=places(endpoint.url))
    async with client.listen.v1.connect(**LIVE, **options) as socket, asyncio.timeout(60):
        for start in range(0, len(SPOKEN), BLOCK):
            await socket.send_media(SPOKEN[start : start + BLOCK].tobytes())
        if sent is not None:
            sent.set()
        await socket.send_close_stream()
        return [message async for message in socket]


def texts(messages: list[Any]) -> list[str]:
    """Return the final texts, in the order in which they came."""
    finals = [one for one in messages if one.type == "Results" and one.is_final]
    return [one.channel.alternatives[0].transcript for one in finals]


def test_file_has_the_text_of_the_engine(client: DeepgramClient) -> None:
    answer: Any = client.listen.v1.media.transcribe_file(
        request=FILE.read_bytes(), model="nova-3", utterances=True, paragraphs=True
    )
    (channel,) = answer.results.channels
    (best,) = channel.alternatives
    assert best.transcript == text_of_file(FILE) != ""
    assert [word.punctuated_word for word in best.words] == best.transcript.split()
    assert [one.transcript for one in answer.results.utterances] == [
        best.paragraphs.paragraphs[0].sentences[0].text
    ]
    assert len(answer.metadata.sha256) == 64 and answer.metadata.duration > 3


def test_live_texts_are_those_of_our_protocol(client: DeepgramClient) -> None:
    with client.listen.v1.connect(**LIVE, vad_events=True, utterance_end_ms=1_000) as socket:
        for start in range(0, len(SPOKEN), BLOCK):
            socket.send_media(SPOKEN[start : start + BLOCK].tobytes())
        socket.send_close_stream()
        messages: list[Any] = list(socket)
    assert texts(messages) == texts_of_stream(SPOKEN) != []
    kinds = [message.type for message in messages]
    assert (kinds.count("SpeechStarted"), kinds[-1]) == (2, "Metadata")
    assert kinds.count("UtteranceEnd") in (1, 2), "the second one comes if the last text was there before the end"


async def test_local_port_needs_no_key(chain: tuple[Chain, Endpoint]) -> None:
    endpoint = chain[1]
    async with local_api(fixed_locator(Address(endpoint.url, endpoint.key)), 0) as port:
        messages = await dictated(Endpoint(f"http://127.0.0.1:{port}", "none", 0), keyterm=["Ōtaki", "Aotearoa"])
    assert texts(messages) == texts_of_stream(SPOKEN)


def test_errors_are_those_of_the_client(chain: tuple[Chain, Endpoint], client: DeepgramClient) -> None:
    url = chain[1].url
    with httpx.Client() as http, pytest.raises(ApiError) as caught:
        stranger = DeepgramClient(api_key="wrong", environment=places(url), httpx_client=http)
        stranger.listen.v1.media.transcribe_file(request=b"audio")
    assert (caught.value.status_code, caught.value.body["err_code"]) == (401, "INVALID_AUTH")
    with pytest.raises(ApiError) as caught:
        client.listen.v1.media.transcribe_url(url="https://example.org/a.wav")
    assert caught.value.status_code == 400 and "fetches nothing" in caught.value.body["err_msg"]
    with pytest.raises(ApiError) as caught:
        client.listen.v1.media.transcribe_file(request=b"this is not audio")
    assert caught.value.status_code == 400


async def test_refused_socket_is_an_error_of_the_client(chain: tuple[Chain, Endpoint]) -> None:
    with pytest.raises(ApiError) as caught:
        await dictated(Endpoint(chain[1].url, "wrong", 0))
    assert caught.value.status_code == 401


async def accepts(endpoint: Endpoint) -> None:
    """Wait until the gateway knows its broker and a worker, also after an earlier test has killed them."""
    async with httpx.AsyncClient() as http:

        async def ready() -> bool:
            return (await http.get(f"{endpoint.url}/readyz")).status_code == httpx.codes.OK

        await wait_until(ready, "the gateway is ready")


async def test_killed_worker_and_broker_lose_nothing(chain: tuple[Chain, Endpoint]) -> None:
    running, endpoint = chain
    sent = asyncio.Event()
    await accepts(endpoint)
    dictating = asyncio.create_task(dictated(endpoint, sent))
    await asyncio.to_thread(running.programs[-1].kill)
    await sent.wait()
    await asyncio.to_thread(kill_broker, running.programs[0])
    running.worker("--engine", "checksum")
    assert texts(await dictating) == texts_of_stream(SPOKEN)


async def test_killed_gateway_is_an_error_of_the_client(chain: tuple[Chain, Endpoint]) -> None:
    running, endpoint = chain
    sent = asyncio.Event()
    await accepts(endpoint)
    await asyncio.to_thread(running.programs[-1].kill)  # so that no text can come
    dictating = asyncio.create_task(dictated(endpoint, sent))
    await sent.wait()
    await asyncio.to_thread(running.programs[0].kill)
    with pytest.raises(ConnectionClosed):
        await dictating
