"""Test what the history routes return, and to which keys."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from backend.core.errors import RequestRefused
from backend.history.history_thread import AsyncHistory
from backend.history.records import NewFile, Planned, SessionOwner
from backend.history.store import Store
from backend.http.access import ACCESS
from backend.http.responses import errors_as_json
from backend.rest.history_routes import MOST_LONG, HistoryRoutes
from backend.rest.json_writer import SEGMENTS
from backend.rest.scope import Archive, T
from protocol.errors import ErrorCode
from protocol.job import Failure, Result
from protocol.recognition import Word
from protocol.rest import SessionKind
from tests.backend.rest.world import OWNER_KEY, World

MISSING = "/v1/sessions/85da4cee-3bcb-495c-ba6e-34fd93a926c3"
NO_SESSIONS = (MISSING, MISSING + "/result", "/v1/sessions/x", "/v1/sessions/%00", "/v1/sessions/")


@pytest.fixture
def ids() -> list[str]:
    return [str(uuid4()) for _ in range(5)]


async def test_sessions_are_paged_newest_first(world: World, ids: list[str]) -> None:
    for id in ids:
        await world.record_stream(id, "good morning")
    seen, path = [], "/v1/sessions?limit=2"
    while path:
        status, page = await world.call("GET", path)
        assert status == 200 and len(page["sessions"]) <= 2
        seen += [one["id"] for one in page["sessions"]]
        path = f"/v1/sessions?limit=2&before={page['next']}" if page["next"] is not None else ""
    assert seen == ids[::-1]
    assert (await world.call("GET", "/v1/sessions?before=0"))[1] == {"sessions": [], "next": None}


async def test_each_key_sees_its_own_sessions_and_the_owner_all(world: World, ids: list[str]) -> None:
    mine, other = f"/v1/sessions/{ids[0]}", f"/v1/sessions/{ids[1]}"
    await world.record_stream(ids[0], "mine", by="a")
    await world.record_stream(ids[1], "not mine", by="b")
    for path in (mine, mine + "/result"):
        assert (await world.call("GET", path, "a"))[0] == 200
        assert (await world.call("GET", path))[0] == 200
        assert await world.error("GET", path, "b") == (404, "not_found")
        assert await world.error("GET", path, "w") == (403, "forbidden")
        assert await world.error("GET", path, "nobody") == (401, "unauthorised")
    assert await world.error("DELETE", other, "a") == (404, "not_found")
    listed = (await world.call("GET", "/v1/sessions", "a"))[1]["sessions"]
    assert [one["id"] for one in listed] == [ids[0]]
    owner_a, owner_b = world.devices["a"].owner, world.devices["b"].owner
    assert len((await world.call("GET", "/v1/sessions"))[1]["sessions"]) == 2
    assert len((await world.call("GET", f"/v1/sessions?owner={owner_b}"))[1]["sessions"]) == 1
    assert (await world.call("GET", f"/v1/sessions?owner={owner_a}", "a"))[0] == 200
    assert await world.error("GET", f"/v1/sessions?owner={owner_b}", "a") == (403, "forbidden")
    hits = (await world.call("GET", "/v1/search?q=mine", "b"))[1]["hits"]
    assert [hit["session"]["id"] for hit in hits] == [ids[1]]
    used = (await world.call("GET", "/v1/usage", "a"))[1]["days"]
    assert [(one["owner"], one["sessions"]) for one in used] == [(owner_a, 1)]
    assert len((await world.call("GET", "/v1/usage"))[1]["days"]) == 2


async def test_kind_and_state_filter_sessions(world: World, ids: list[str]) -> None:
    await world.record_stream(ids[0], "streamed")
    new = NewFile(ids[1], world.devices["a"].owner, name="file.wav")
    await world.history.ask(lambda store: store.begin_file(new))
    for query, found in (("kind=file", ids[1]), ("kind=stream", ids[0]), ("state=submitted", ids[1])):
        sessions = (await world.call("GET", f"/v1/sessions?{query}"))[1]["sessions"]
        assert [one["id"] for one in sessions] == [found], query
    assert (await world.call("GET", "/v1/search?q=streamed&kind=file"))[1]["hits"] == []


async def test_invalid_parameter_is_an_error(world: World) -> None:
    for query in ("limit=0", "limit=201", "limit=x", "limit=1&limit=2", "state=odd", "before=-1", "nothing=1"):
        assert await world.error("GET", f"/v1/sessions?{query}") == (400, "malformed"), query
    for query in ("", "q=", "q=%00", "q=a%0A", "q=" + 257 * "x"):
        assert await world.error("GET", f"/v1/search?{query}") == (400, "malformed"), query


async def test_spoken_text_is_found(world: World, ids: list[str]) -> None:
    await world.record_stream(ids[0], "we met at noon", "我们明天中午开会")
    for query, segment in (("noon met", 0), ("中午", 1)):
        (hit,) = (await world.call("GET", f"/v1/search?q={query}"))[1]["hits"]
        assert (hit["session"]["id"], hit["segment"]) == (ids[0], segment)


async def test_result_is_available_in_every_format(world: World, ids: list[str]) -> None:
    id, owner = ids[0], world.devices["a"].owner
    path = f"/v1/sessions/{id}/result"
    await world.history.ask(lambda store: store.begin_file(NewFile(id, owner)))
    plan = [Planned(0, 480, 16_000), Planned(1, 2_000, 8_000)]
    await world.history.ask(lambda store: store.plan(id, plan, complete=True))
    about = SessionOwner(owner, kind=SessionKind.FILE)
    await world.record(about, [Result(id, 0, "one & two"), Failure(id, 1, ErrorCode.ENGINE_DIED, "thrice")])
    status, result = await world.call("GET", path)
    assert (status, result["text"], result["session"]["state"]) == (200, "one & two", "failed")
    assert result["segments"][1]["code"] == "engine_died"
    assert (await world.call("GET", f"{path}?format=text"))[1] == "one & two\n"
    assert (await world.call("GET", f"{path}?format=srt"))[1].startswith("1\n00:00:00,480 --> 00:00:01,480\none &")
    assert "00:00:00.480 --> 00:00:01.480\none &amp; two\n" in (await world.call("GET", f"{path}?format=vtt"))[1]
    assert await world.error("GET", f"{path}?format=doc") == (400, "malformed")


async def test_subtitles_follow_the_times_of_words(world: World, ids: list[str]) -> None:
    id, owner = ids[0], world.devices["a"].owner
    await world.history.ask(lambda store: store.begin_file(NewFile(id, owner)))
    await world.history.ask(lambda store: store.plan(id, [Planned(0, 1_000, 16_000)], complete=True))
    words = (Word("Late", 200, 300), Word("speech", 300, 600))
    await world.record(SessionOwner(owner, kind=SessionKind.FILE), [Result(id, 0, "Late speech.", words=words)])
    for form, times in (("srt", "00:00:01,200 --> 00:00:01,600"), ("vtt", "00:00:01.200 --> 00:00:01.600")):
        assert times in (await world.call("GET", f"/v1/sessions/{id}/result?format={form}"))[1]


async def test_subtitles_of_a_stream_are_refused(world: World, ids: list[str]) -> None:
    await world.record_stream(ids[0], "one")
    assert await world.error("GET", f"/v1/sessions/{ids[0]}/result?format=srt") == (409, "conflict")


async def test_export_has_one_line_per_session(world: World, ids: list[str]) -> None:
    for n, id in enumerate(ids * 5):
        await world.record_stream(str(uuid4()) if n >= 5 else id, f"text {n}", by="ab"[n % 2])
    status, text = await world.call("GET", "/v1/export")
    lines = [json.loads(line) for line in text.splitlines()]
    assert status == 200 and len(lines) == 25 and text.endswith("\n")
    assert [line["text"] for line in lines] == [f"text {n}" for n in reversed(range(25))]
    mine = (await world.call("GET", "/v1/export", "b"))[1].splitlines()
    assert len(mine) == 12
    assert (await world.call("GET", "/v1/export?kind=file"))[1] == ""


class Between(Archive):
    """An archive that calls ``happens`` before the second slice of a response."""

    def __init__(self, history: AsyncHistory, happens: Callable[[], Awaitable[object]]) -> None:
        super().__init__(history)
        self._happens = happens
        self._begun: list[object] = []  # kept, so that no later writer has the identity of one of these

    async def ask(self, question: "Callable[[Store], T]") -> T:
        writer = getattr(question, "__self__", None)
        if any(writer is begun for begun in self._begun):
            await self._happens()
        if getattr(question, "__name__", "") == "slice":
            self._begun.append(writer)
        return await super().ask(question)


@asynccontextmanager
async def serving_between(world: World, happens: Callable[[], Awaitable[object]]) -> AsyncIterator[BaseTestServer]:
    app = web.Application(middlewares=[errors_as_json])
    app[ACCESS] = world.access
    app.add_routes(HistoryRoutes(Between(world.history, happens), lambda _: False, lambda _: None).routes())
    async with TestServer(app) as server:
        yield server


async def broken_off(world: World, path: str, happens: Callable[[], Awaitable[object]]) -> None:
    """Check that a response begins but visibly stays incomplete."""
    headers = {"Authorization": f"Bearer {world.keys['a']}"}
    async with (
        serving_between(world, happens) as server,
        world.http.get(server.make_url(path), headers=headers) as response,
    ):
        assert response.status == 200
        with pytest.raises(aiohttp.ClientError):
            await response.read()


LONG = ["some text that is said"] * (4 * SEGMENTS)  # several slices of an export too


@pytest.mark.parametrize("path", ["/v1/export", "/v1/sessions/{}/result"])
async def test_failed_response_is_visibly_incomplete(path: str, world: World, ids: list[str]) -> None:
    async def gone() -> None:
        raise RequestRefused(503, ErrorCode.BUSY, "the database is gone")

    await world.record_stream(ids[0], *LONG)
    await broken_off(world, path.format(ids[0]), gone)


@pytest.mark.parametrize("path", ["/v1/export", "/v1/sessions/{}/result"])
async def test_revoked_device_is_cut_off_during_response(path: str, world: World, ids: list[str]) -> None:
    async def revoked() -> None:
        if world.access.roster.of_key(world.keys["a"]):
            await world.access.roster.revoke(world.devices["a"].id)

    await world.record_stream(ids[0], *LONG)
    await broken_off(world, path.format(ids[0]), revoked)


async def test_response_is_incomplete_when_session_is_deleted_meanwhile(world: World, ids: list[str]) -> None:
    async def deleted() -> None:
        await world.history.ask(lambda store: store.delete(ids[0]))

    await world.record_stream(ids[0], *LONG)
    await broken_off(world, f"/v1/sessions/{ids[0]}/result", deleted)


async def test_concurrent_long_responses_are_limited(world: World, ids: list[str]) -> None:
    go_on = asyncio.Event()
    await world.record_stream(ids[0], *LONG)
    headers = {"Authorization": f"Bearer {OWNER_KEY}"}
    async with serving_between(world, go_on.wait) as server, AsyncExitStack() as reading:
        long = [server.make_url(path) for path in ("/v1/export", f"/v1/sessions/{ids[0]}/result")]
        begun = [
            await reading.enter_async_context(world.http.get(long[n % 2], headers=headers))
            for n in range(MOST_LONG)
        ]
        for url in long:
            async with world.http.get(url, headers=headers) as refused:
                assert (refused.status, (await refused.json())["error"]["code"]) == (429, "busy")
                assert int(refused.headers["Retry-After"]) > 0
        async with world.http.get(server.make_url("/v1/sessions"), headers=headers) as short:
            assert short.status == 200
        go_on.set()
        for response in begun:
            assert len(json.loads(await response.read())["segments"]) == len(LONG)
        async with world.http.get(long[0], headers=headers) as again:
            assert again.status == 200


async def test_slow_reader_does_not_block_other_keys(world: World, ids: list[str]) -> None:
    go_on = asyncio.Event()
    await world.record_stream(ids[0], *LONG)
    of_device, of_owner = ({"Authorization": f"Bearer {key}"} for key in (world.keys["a"], OWNER_KEY))
    async with serving_between(world, go_on.wait) as server, AsyncExitStack() as reading:
        long = server.make_url("/v1/export")
        for _ in range(MOST_LONG // 4):
            await reading.enter_async_context(world.http.get(long, headers=of_device))
        async with world.http.get(long, headers=of_device) as refused:
            assert refused.status == 429
        async with world.http.get(long, headers=of_owner) as taken:
            assert taken.status == 200
        go_on.set()


async def test_long_text_is_returned_completely(world: World, ids: list[str]) -> None:
    await world.record_stream(ids[0], *(f"text {n}" for n in range(1_001)))
    text = " ".join(f"text {n}" for n in range(1_001))
    path = f"/v1/sessions/{ids[0]}/result"
    assert (await world.call("GET", f"{path}?format=text"))[1] == text + "\n"
    result = (await world.call("GET", path))[1]
    assert result["text"] == text
    assert [segment["segment"] for segment in result["segments"]] == [*range(1_001)]


async def test_deleted_session_is_gone(world: World, ids: list[str]) -> None:
    path = f"/v1/sessions/{ids[0]}"
    await world.record_stream(ids[0], "secret")
    assert await world.call("DELETE", path, "a") == (204, "")
    assert await world.error("GET", path) == await world.error("DELETE", path) == (404, "not_found")
    assert (await world.call("GET", "/v1/search?q=secret"))[1]["hits"] == []


async def test_unknown_session_is_not_found(world: World) -> None:
    for path in NO_SESSIONS:
        assert await world.error("GET", path) == (404, "not_found"), path


async def test_extreme_dates_are_accepted(world: World) -> None:
    for query in (
        "from=0001-01-01&to=0001-01-02",
        "to=0001-01-01",
        "from=9999-12-31",
        "from=2024-01-02&to=2024-01-01",
    ):
        assert await world.call("GET", f"/v1/usage?{query}") == (200, {"days": []})
    assert await world.error("GET", "/v1/usage?from=yesterday") == (400, "malformed")
