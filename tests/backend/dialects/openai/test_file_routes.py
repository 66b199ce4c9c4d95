"""Files through the routes of OpenAI's API: refusals, failures in the middle, and a client that leaves."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from multidict import CIMultiDictProxy

from backend.dialects.openai import file_routes
from backend.dialects.openai.file_routes import TRANSCRIPTIONS_PATH
from backend.gateway import Gateway
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.job import Job, Outcome, Result
from protocol.rest import TRUNCATED_HEADER
from runtime.event_names import LogEvent
from runtime.tasks import cancel_and_wait
from tests.app.speech import SPEECH
from tests.backend.conftest import KEY
from tests.backend.dialects.test_file_audio import cut_wave
from tests.backend.fake_worker import FakeWorker, fail, recognise_length, working
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

FILE = SPEECH / "en-03.flac"
ROOM = 2 * (FILE.stat().st_size + 1_000)
"""Bytes for the files of one key."""


@pytest.fixture
async def gateway(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with a folder for files, and without a history."""
    files = FileSettings(tmp_path / "submitted", requests=3, request_bytes=2 * ROOM, readers=1, upload_wait_s=0.01)
    async with running_gateway(GatewaySettings(redis=broker.url, key=KEY, files=files)) as gateway:
        yield gateway


async def posted(gateway: Gateway, key: str = KEY, **fields: str) -> tuple[int, str]:
    """Post the file with these fields; return status and body."""
    status, body, _ = await answered(gateway, FILE.read_bytes(), key, **fields)
    return status, body


async def answered(
    gateway: Gateway, data: bytes, key: str = KEY, **fields: str
) -> tuple[int, str, CIMultiDictProxy[str]]:
    """Post a file with these fields; return status, body and headers."""
    form = aiohttp.FormData(fields)
    form.add_field("file", data, filename="file")
    headers = {"Authorization": f"Bearer {key}"}
    url = gateway.url + TRANSCRIPTIONS_PATH
    async with aiohttp.ClientSession() as http, http.post(url, data=form, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


def parts_in(gateway: Gateway) -> list[Path]:
    """Return the files of requests on the disk."""
    return list(gateway._settings.files.folder.parent.rglob(".part-*"))


@asynccontextmanager
async def posting(gateway: Gateway, count: int) -> AsyncIterator[list["asyncio.Task[tuple[int, str]]"]]:
    """Post the file this many times concurrently."""
    posts = [asyncio.create_task(posted(gateway)) for _ in range(count)]
    try:
        yield posts
    finally:
        await cancel_and_wait(set(posts))


async def test_wrong_key_is_refused_in_their_shape(gateway: Gateway) -> None:
    status, body = await posted(gateway, key="wrong")
    assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_api_key")


async def test_answer_has_text_and_leaves_no_file(gateway: Gateway, worker: FakeWorker, tmp_path: Path) -> None:
    status, body = await posted(gateway)
    assert (status, bool(json.loads(body)["text"])) == (200, True)
    assert not [path for path in (tmp_path / "requests").rglob("*") if path.is_file() and path.suffix != ".lock"]
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_missing_end_of_the_file_is_reported(gateway: Gateway, worker: FakeWorker) -> None:
    status, body, headers = await answered(gateway, cut_wave())
    assert (status, json.loads(body)["truncated"], headers[TRUNCATED_HEADER]) == (200, True, "true")
    status, _, headers = await answered(gateway, cut_wave(), response_format="text")
    assert (status, headers[TRUNCATED_HEADER]) == (200, "true")
    _, body, _ = await answered(gateway, cut_wave(), stream="true")
    done = json.loads(body.strip().splitlines()[-1].removeprefix("data: "))
    assert (done["type"], done["truncated"]) == ("transcript.text.done", True)
    _, body, headers = await answered(gateway, FILE.read_bytes())
    assert "truncated" not in json.loads(body) and TRUNCATED_HEADER not in headers


async def test_prompt_may_have_several_lines(gateway: Gateway, broker: Broker) -> None:
    jobs: list[Job] = []

    def note(job: Job) -> Outcome:
        jobs.append(job)
        return recognise_length(job)

    async with working(broker.url, recognise=note):
        status, _ = await posted(gateway, prompt="Names:\nKikipounamu\nŌtaki")
    assert status == 200
    assert jobs[0].options.hotwords == ("Names:", "Kikipounamu", "Ōtaki")


@pytest.mark.parametrize("stream", ["true", "false"])
async def test_failed_segment_is_never_half_a_text(gateway: Gateway, broker: Broker, stream: str) -> None:
    async with working(broker.url, recognise=fail):
        status, body = await posted(gateway, stream=stream)
    assert (status, json.loads(body)["error"]["type"]) == (500, "server_error")


async def test_stream_that_is_never_read_is_no_failure_of_the_gateway(
    gateway: Gateway, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_routes, "_WRITE_S", 0.1)
    form, headers = aiohttp.FormData({"stream": "true"}), {"Authorization": f"Bearer {KEY}"}
    form.add_field("file", FILE.read_bytes(), filename="file")

    def say_much(job: Job) -> Outcome:
        return Result(job.session, job.segment, "word " * 1_000_000, job.attempt)

    with capture_logs() as lines:
        async with (
            working(broker.url, recognise=say_much),
            aiohttp.ClientSession() as http,
            http.post(gateway.url + TRANSCRIPTIONS_PATH, data=form, headers=headers) as answer,
        ):
            assert answer.status == 200
            await wait_until(lambda: not parts_in(gateway), "the request has ended")
    assert [line["event"] for line in lines if line["event"].startswith("request.")] == [LogEvent.REQUEST_ABORTED]


async def test_file_counts_as_an_upload_of_its_key(gateway: Gateway, worker: FakeWorker) -> None:
    access, owner = gateway.access, gateway.access.owner.owner
    access.uploading[owner] = gateway._settings.files.uploads_of_key
    status, body = await posted(gateway)
    assert (status, json.loads(body)["error"]["code"]) == (429, "busy")
    access.uploading.clear()
    assert (await posted(gateway))[0] == 200
    assert not access.uploading


async def test_files_of_all_requests_are_limited_until_their_answers(gateway: Gateway, broker: Broker) -> None:
    """Post without a worker: one file is being read, another waits for that, a third finds no room."""
    async with posting(gateway, 2) as posts:
        await wait_until(lambda: len(parts_in(gateway)) == 2, "both are here")
        refused = await posted(gateway)
        assert (refused[0], json.loads(refused[1])["error"]["code"]) == (503, "busy")
        async with working(broker.url):
            assert [status for status, _ in await asyncio.gather(*posts)] == [200, 200]
            assert (await posted(gateway))[0] == 200
    assert not parts_in(gateway)


async def test_draining_gateway_asks_to_try_later(gateway: Gateway) -> None:
    gateway._draining = True
    status, body = await posted(gateway)
    assert (status, json.loads(body)["error"]["type"]) == (503, "server_error")
    gateway._draining = False
