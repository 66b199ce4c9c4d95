"""The earlier server's REST routes over a real history and real submitted files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from backend.dialects.earlier.history_routes import EarlierHistoryRoutes
from backend.http.access import ACCESS
from backend.http.responses import errors_as_json
from tests.backend.fake_worker import fail
from tests.backend.rest.world import OWNER_KEY, World, form, recording, serving
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving_app

CONTENT = recording()


@pytest.fixture
async def world(tmp_path: Any, broker: Broker) -> AsyncIterator[World]:
    async with serving(tmp_path, broker) as world:
        yield world


class Caller:
    """A client of the routes at ``url``."""

    def __init__(self, url: str, http: aiohttp.ClientSession, keys: dict[str, str]) -> None:
        self._url, self._http, self._keys = url, http, keys

    async def __call__(self, method: str, path: str, key: str = "", data: Any = None) -> tuple[int, Any]:
        """Return status and body."""
        headers = {"Authorization": f"Bearer {self._keys.get(key, key or OWNER_KEY)}"}
        async with self._http.request(method, f"{self._url}/api/v1{path}", data=data, headers=headers) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.read()

    async def submit(self, key: str = "", query: str = "") -> str:
        """Submit a file and return its task."""
        status, body = await self("POST", f"/asr/submit{query}", key, form(CONTENT, batch_size="500"))
        assert (status, body["status"]) == (200, "queued")
        assert body.get("position", 0) <= 1  # the file may be read by now
        return str(body["task_id"])

    async def ended(self, task: str, status: str) -> Any:
        """Wait until a task has this status, and return its result."""

        async def there() -> Any:
            _, body = await self("GET", f"/asr/result/{task}")
            return body if body["status"] == status else None

        return await wait_until(there, f"the task is {status}")


@pytest.fixture
async def call(world: World) -> AsyncIterator[Caller]:
    """A client of the routes."""
    async with serving_earlier(world) as caller:
        yield caller


@asynccontextmanager
async def serving_earlier(world: World) -> AsyncIterator[Caller]:
    """Serve the routes next to the world's own ones."""
    app = web.Application(middlewares=[errors_as_json])
    app[ACCESS] = world.access
    app.add_routes(EarlierHistoryRoutes(world.history, world.runner, lambda: ()).routes())
    async with serving_app(app) as url:
        yield Caller(url, world.http, world.keys)


async def test_submitted_file_becomes_text(world: World, call: Caller) -> None:
    async with world.working():
        task = await call.submit(query="?language=zh&batch_size=500")
        result = await call.ended(task, "done")
    assert result["text"] and result["progress"] == 1.0 and "audio_url" not in result
    stored = await world.history.ask(lambda store: store.session(task))
    assert stored is not None and stored.options.language == "zh"
    _, listed = await call("GET", "/asr/history?limit=10&page=1")
    assert (listed["total"], listed["records"][0]["text"]) == (1, result["text"])
    assert listed["records"][0]["filename"] == "digits.flac"
    assert (await call("GET", f"/asr/audio/{task}"))[0] == 404


async def test_failed_file_is_tried_again(world: World, call: Caller) -> None:
    async with world.working(fail):
        task = await call.submit()
        failed = await call.ended(task, "failed")
    assert failed["error"] and "text" not in failed
    assert await call("GET", failed["audio_url"].removeprefix("/api/v1")) == (200, CONTENT)
    async with world.working():
        status, again = await call("POST", failed["retry_url"].removeprefix("/api/v1"))
        assert (status, again["task_id"]) == (200, task)
        assert (await call.ended(task, "done"))["text"]
    assert (await call("POST", f"/asr/retry/{task}"))[0] == 409


async def test_task_is_deleted_with_its_file(world: World, call: Caller) -> None:
    task = await call.submit()
    assert await call("DELETE", f"/asr/task/{task}") == (200, {"task_id": task, "status": "deleted"})
    await wait_until(lambda: not world.on_disk(), "the file is gone")
    status, body = await call("GET", f"/asr/result/{task}")
    assert (status, body["details"], bool(body["error"])) == (404, "not_found", True)


async def test_recordings_are_found_by_the_name_that_the_client_gave(world: World, call: Caller) -> None:
    ids = [f"0b6f9b3e-2c1d-4a43-9d3a-3c5b7f6e8a1{number}" for number in range(3)]
    await world.record_stream(ids[0], "old", client="ws-asr:take 1")
    await world.record_stream(ids[1], "Good morning.", "Hello.", client="ws-asr:take 1")
    await world.record_stream(ids[2], "another program's")
    status, body = await call("GET", "/session/take%201", "a")
    assert (status, body["id"], body["final_text"]) == (200, "take 1", "Good morning. Hello.")
    assert (await call("GET", f"/session/{ids[2]}", "a"))[1]["final_text"] == "another program's"
    assert [one["id"] for one in (await call("GET", "/history", "a"))[1]["sessions"]] == [
        ids[2],
        "take 1",
        "take 1",
    ]
    assert (await call("GET", "/session/take%201", "b"))[0] == 404
    assert (await call("GET", "/history", "b"))[1] == {"total": 0, "sessions": []}
    assert (await call("DELETE", "/session/take%201", "a"))[0] == 200
    assert (await call("GET", "/session/take%201", "a"))[1]["final_text"] == "old"
    assert (await call("GET", "/session/nothing", "a"))[0] == 404


async def test_statistics_are_of_the_own_key(world: World, call: Caller) -> None:
    await world.record_stream("0b6f9b3e-2c1d-4a43-9d3a-3c5b7f6e8a10", "one", "two")
    own, foreign = (await call("GET", "/stats", "a"))[1], (await call("GET", "/stats", "b"))[1]
    assert (own["total_tasks"], own["total_duration"], own["storage_used"] > 0) == (1, 2.0, True)
    assert (foreign["total_tasks"], foreign["total_duration"]) == (0, 0.0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/asr/submit"),
        ("GET", "/asr/result/x"),
        ("GET", "/asr/history"),
        ("GET", "/history"),
        ("GET", "/session/x"),
        ("GET", "/stats"),
        ("DELETE", "/asr/task/x"),
    ],
)
async def test_wrong_key_is_refused(call: Caller, method: str, path: str) -> None:
    status, body = await call(method, path, "wrong")
    assert (status, body["details"]) == (401, "unauthorised")


@pytest.mark.parametrize("limit", ["0", "101", "x"])
async def test_impossible_list_is_refused(call: Caller, limit: str) -> None:
    assert (await call("GET", f"/asr/history?limit={limit}"))[0] == 400
