"""The official client of OpenAI transcribes files at a real gateway."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from app.local_api.service import local_api
from client.connection import Address, fixed_locator
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from tests.app.speech import SPEECH
from tests.helpers.api_chain import text_of_file
from tests.helpers.chain import Chain
from tests.helpers.recordings import samples_of
from tests.helpers.waiting import wait_until_sync

if TYPE_CHECKING:
    import openai

FILE = SPEECH / "en-03.flac"


@pytest.fixture
def client(chain: tuple[Chain, Endpoint]) -> "Iterator[openai.OpenAI]":
    import openai  # late: every process of pytest imports this module, and few run these tests

    _, endpoint = chain
    with openai.OpenAI(base_url=f"{endpoint.url}/v1", api_key=endpoint.key, max_retries=0) as client:
        yield client


def transcribed(client: "openai.OpenAI", path: Path = FILE, **fields: Any) -> Any:
    with path.open("rb") as file:
        return client.audio.transcriptions.create(file=file, model="whisper-1", **fields)


def test_text_equals_that_of_the_engine(client: "openai.OpenAI") -> None:
    assert transcribed(client).text == text_of_file(FILE) != ""
    assert transcribed(client, response_format="text") == text_of_file(FILE) + "\n"


def test_verbose_answer_has_segments_with_times(client: "openai.OpenAI") -> None:
    answer = transcribed(client, response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert answer.text == text_of_file(FILE)
    assert answer.duration == pytest.approx(len(samples_of(FILE)) / SAMPLE_RATE, abs=0.01)
    assert all(0 <= one.start < one.end <= answer.duration for one in answer.segments)
    assert (
        " ".join(word.word for word in answer.words) == "".join(one.text for one in answer.segments) == answer.text
    )


@pytest.mark.parametrize(("format", "first"), [("srt", "1"), ("vtt", "WEBVTT")])
def test_subtitles_have_their_format(client: "openai.OpenAI", format: str, first: str) -> None:
    lines = transcribed(client, response_format=format).splitlines()
    assert lines[0] == first and any("-->" in line for line in lines)
    assert text_of_file(FILE).split()[0] in lines


def test_stream_says_the_text_in_pieces(client: "openai.OpenAI") -> None:
    events = list(transcribed(client, stream=True))
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == text_of_file(FILE)
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", text_of_file(FILE))


def test_models_are_listed(client: "openai.OpenAI") -> None:
    import openai

    wait_until_sync(lambda: [model.id for model in client.models.list()] == ["checksum"], "the model is on offer")
    assert client.models.retrieve("checksum") in client.models.list().data
    with pytest.raises(openai.NotFoundError, match="whisper-1"):
        client.models.retrieve("whisper-1")


def test_errors_are_those_of_the_client(client: "openai.OpenAI", tmp_path: Path) -> None:
    import openai

    with pytest.raises(openai.AuthenticationError):
        transcribed(client.with_options(api_key="wrong"))
    broken = tmp_path / "text.wav"
    broken.write_text("this is not audio")
    with pytest.raises(openai.BadRequestError) as caught:
        transcribed(client, broken)
    assert caught.value.param == "file"
    with pytest.raises(openai.BadRequestError) as caught:
        transcribed(client, response_format="docx")
    assert caught.value.param == "response_format"
    with (
        FILE.open("rb") as file,
        pytest.warns(DeprecationWarning),
        pytest.raises(openai.BadRequestError, match="translates"),
    ):
        client.audio.translations.create(file=file, model="whisper-1")


def test_killed_worker_delays_the_answer(chain: tuple[Chain, Endpoint], client: "openai.OpenAI") -> None:
    running, _ = chain
    running.programs[-1].kill()
    running.worker("--engine", "checksum")
    assert transcribed(client).text == text_of_file(FILE)


async def test_local_port_needs_no_key(client: "openai.OpenAI") -> None:
    address = Address(str(client.base_url).removesuffix("/v1/"), str(client.api_key))
    async with local_api(fixed_locator(address), 0) as port:
        here = client.with_options(base_url=f"http://127.0.0.1:{port}/v1", api_key="none")
        assert (await asyncio.to_thread(transcribed, here)).text == text_of_file(FILE)


def test_server_of_whisper_cpp_takes_the_same_file(client: "openai.OpenAI") -> None:
    url, key = str(client.base_url).removesuffix("/v1/"), str(client.api_key)

    async def inferred() -> object:
        form = aiohttp.FormData({"response_format": "json", "temperature": "0.0"})
        form.add_field("file", FILE.read_bytes(), filename=FILE.name)
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{url}/inference", data=form) as answer,
        ):
            return (await answer.json())["text"]

    assert asyncio.run(inferred()) == text_of_file(FILE)
