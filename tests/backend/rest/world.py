"""Run the REST interface with a broker and a history in SQLite, without a gateway."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import soundfile
from aiohttp import web
from redis.asyncio import Redis

from backend.broker.jobs import Jobs, open_jobs
from backend.devices.records import Device, DeviceStore
from backend.devices.registry import DeviceRegistry
from backend.history.history_thread import AsyncHistory, open_history
from backend.history.records import FeedEntry, HistoryLimits, SessionOwner
from backend.http.access import ACCESS, Access
from backend.http.responses import errors_as_json
from backend.http.settings import HttpSettings
from backend.rest.file_settings import FileSettings
from backend.rest.flow import Capacity
from backend.rest.routes import rest_routes
from backend.rest.runner import Runner
from protocol.audio import SAMPLE_RATE
from protocol.devices import DeviceKind
from protocol.job import Job, Keys, Outcome, Result
from protocol.rest import SessionKind
from runtime.tasks import Tasks
from tests.backend.fake_worker import FakeWorker, recognise_length
from tests.helpers.recordings import samples_of
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving_app

DATABASE = "history.sqlite"
OWNER_KEY = "the owner's key"
NOW_MS = round(time.time() * 1000)
DIGITS = Path(__file__).resolve().parents[2] / "data" / "digits"


@dataclass
class World:
    """A running REST interface. ``keys`` and ``devices``: clients ``a`` and ``b``, worker ``w``."""

    url: str
    history: AsyncHistory
    jobs: Jobs
    runner: Runner
    devices: dict[str, Device]
    keys: dict[str, str]
    http: aiohttp.ClientSession
    broker: Broker
    access: Access

    async def call(
        self, method: str, path: str, key: str = "", data: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and body, decoded if the body is JSON."""
        key = self.keys.get(key, key or OWNER_KEY)
        headers = {"Authorization": f"Bearer {key}"} | (headers or {})
        async with self.http.request(method, self.url + path, data=data, headers=headers) as response:
            json = response.content_type == "application/json"
            return response.status, await response.json() if json else await response.text()

    async def error(self, method: str, path: str, key: str = "", **more: Any) -> tuple[int, str]:
        """Return status and code of a response that must be an error with a message."""
        status, body = await self.call(method, path, key, **more)
        assert body["error"]["message"]
        return status, body["error"]["code"]

    async def submit(self, content: bytes, key: str = "", name: str = "digits.flac", **fields: str) -> Any:
        """Submit a file and return its session."""
        status, body = await self.call("POST", "/v1/sessions", key, data=form(content, name, **fields))
        assert status == 202, body
        return body

    def on_disk(self) -> list[str]:
        """Return the names of the files in the upload folder."""
        folder = self.runner.uploads.folder
        return sorted(file.name for file in folder.iterdir()) if folder.exists() else []

    async def record_stream(
        self, session: str, *texts: str, by: str = "a", tenant: str = "", client: str = ""
    ) -> None:
        """Record these texts as a stream."""
        about = SessionOwner(self.devices[by].owner, by, tenant, client, SessionKind.STREAM)
        await self.record(about, [Result(session, n, text, model="m") for n, text in enumerate(texts)])

    @asynccontextmanager
    async def working(
        self, recognise: Callable[[Job], Outcome] = recognise_length, tells: bool = True
    ) -> AsyncIterator["BulkWorker"]:
        """Run a worker for files. ``tells``: whether the history receives the results."""
        worker = BulkWorker(self, recognise, tells)
        try:
            async with Tasks("bulk worker") as tasks:
                tasks.start(worker.run(), "run")
                yield worker
        finally:
            await worker.redis.aclose()

    @asynccontextmanager
    async def looking(self) -> AsyncIterator["Redis"]:
        """Connect to the broker directly."""
        async with Redis.from_url(self.broker.url) as redis:
            yield redis

    async def queued(self) -> int:
        """Return the number of queued segments of files."""
        async with self.looking() as redis:
            return await redis.xlen(Keys().jobs("bulk"))

    async def state(self, session: str) -> str:
        """Return the state of a session."""
        return str((await self.call("GET", f"/v1/sessions/{session}"))[1]["state"])

    async def finals(self, session: str, count: int) -> bool:
        """Return whether the history has this many texts of the session."""
        return bool((await self.call("GET", f"/v1/sessions/{session}"))[1]["progress"]["final"] == count)

    async def ended(self, session: str, state: str) -> Any:
        """Wait until the session has this state, and return it."""
        path = f"/v1/sessions/{session}"

        async def there() -> bool:
            return await self.state(session) == state

        await wait_until(there, f"the session is {state}")
        return (await self.call("GET", path))[1]

    async def record(self, about: SessionOwner, outcomes: list[Outcome]) -> None:
        """Record these outcomes as the feed would."""
        entries = [
            FeedEntry(about, one.session, one.segment, one.attempt, one, 16_000, NOW_MS) for one in outcomes
        ]
        await self.history.ask(lambda store: store.record(entries))


class BulkWorker(FakeWorker):
    """A worker for files that records each result in the history itself, once."""

    def __init__(self, world: World, recognise: Callable[[Job], Outcome], tells: bool) -> None:
        super().__init__(world.broker.url, recognise)
        self._stream = Keys().jobs("bulk")
        self._world = world
        self._tells = tells
        self.jobs: list[Job] = []
        self.most = 2**32

    async def take(self, block_ms: int = 5_000) -> tuple[bytes, Job] | None:
        """Take the next job; after ``most`` jobs wait for ever."""
        if len(self.jobs) >= self.most:
            await asyncio.Event().wait()
        return await super().take(block_ms)

    async def finish(self, entry: bytes, job: Job, outcome: Outcome) -> bool:
        """Finish the job, and record the outcome in the history."""
        self.jobs.append(job)
        counted = await super().finish(entry, job, outcome)
        if counted and self._tells:
            stored = await self._world.history.ask(lambda store: store.session(job.session))
            assert stored is not None
            about = SessionOwner(stored.owner, kind=SessionKind.FILE)
            entry_of = FeedEntry(about, job.session, job.segment, job.attempt, outcome, job.samples, NOW_MS)
            await self._world.history.ask(lambda store: store.record([entry_of]))
        return counted


@cache
def recording(strings: int = 4) -> bytes:
    """Return a WAV of this many strings of digits, separated by silence; each becomes a segment."""
    pause = np.zeros(3 * SAMPLE_RATE, np.int16)
    names = sorted(DIGITS.glob("*.flac")) * (1 + strings // 12)
    sounds = [part for name in names[:strings] for part in (samples_of(name), pause)]
    file = BytesIO()
    soundfile.write(file, np.concatenate(sounds), SAMPLE_RATE, format="WAV")
    return file.getvalue()


def form(content: bytes, name: str = "digits.flac", **fields: str) -> aiohttp.FormData:
    """Build a form with a file and its fields."""
    data = aiohttp.FormData(fields, quote_fields=False)
    data.add_field("file", BytesIO(content), filename=name)
    return data


@asynccontextmanager
async def serving(
    folder: Path,
    broker: Broker,
    database: Path | None = None,
    between: Callable[[AsyncHistory], Any] = lambda history: history,
    **files: Any,
) -> AsyncIterator[World]:
    """Serve the REST interface until the context ends.

    ``database``: another world's history. ``between``: wraps the routes' history. ``files``: of ``FileSettings``.
    """
    url = f"sqlite:///{database or folder / DATABASE}"
    settings = HttpSettings(key=OWNER_KEY)
    store = DeviceStore(folder / "devices.json")
    kinds = {"a": DeviceKind.CLIENT, "b": DeviceKind.CLIENT, "w": DeviceKind.WORKER}
    made = {name: store.add(name, kind, 0) for name, kind in kinds.items()}
    files = {"spare_bytes": 0, "look_s": 0.05} | files
    async with (
        open_jobs(broker.url, "g") as jobs,
        open_history(url, HistoryLimits()) as history,
        aiohttp.ClientSession() as http,
        Tasks("world") as tasks,
    ):
        room = Capacity()
        runner = Runner(FileSettings(folder / "submitted", **files), history, jobs, lambda about: "", lambda: room)
        app = web.Application(middlewares=[errors_as_json])
        app[ACCESS] = Access(settings, DeviceRegistry(store), lambda: 0.0)
        app.add_routes(rest_routes(between(history), runner))
        tasks.start(runner.run(), "files")
        tasks.start(jobs.listen(runner.noticed, lambda: None), "results")
        devices, keys = {n: one for n, (one, _) in made.items()}, {n: key for n, (_, key) in made.items()}
        await wait_until(lambda: history.up, "the history is there")
        async with serving_app(app) as at:
            yield World(at, history, jobs, runner, devices, keys, http, broker, app[ACCESS])
