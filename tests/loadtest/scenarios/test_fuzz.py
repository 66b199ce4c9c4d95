"""Fuzz against a real gateway, and faults that a scripted one shows."""

import time
from pathlib import Path

import pytest
from aiohttp import web

from client.connection import Address, Locate, fixed_locator
from loadtest.core.raw_socket import TEXT, handshake
from loadtest.measurement.figures import figures
from loadtest.measurement.log_watch import LogWatch
from loadtest.measurement.processes import GATEWAY, ProcessUsage
from loadtest.measurement.tally import Tally, TallyRecorder
from loadtest.scenarios.fuzz import Fuzz, FuzzState, converse, judge, run_fuzz
from loadtest.scenarios.fuzzing.conversation import Conversation, FuzzEnd, FuzzKind
from loadtest.scenarios.fuzzing.items import FuzzMessage
from protocol.errors import ErrorCode
from protocol.session import STREAM_PATH, SUBPROTOCOL, Error, encode
from tests.helpers.web_server import serving
from tests.loadtest.measurement.test_tally import ended

SPOKEN = figures(Tally(segments=1, right=1, ended=[ended(1.0)]), 2.0, (), (0.0, 9.0))


async def test_gateway_survives_thousands_of_bad_messages(locate: Locate) -> None:
    recorder, state = TallyRecorder(time.monotonic()), FuzzState()
    plan = Fuzz(4_000, seed=3, connections=4, speakers=1, pace=0.05)
    await run_fuzz(plan, locate, recorder, state)
    assert state.alive and not state.faults, state.faults
    assert state.messages >= 4_000 and set(state.kinds) == set(FuzzKind)
    assert recorder.tally.flawless, recorder.tally.complaints


async def conversed(answer: str, kind: FuzzKind = FuzzKind.VALID) -> FuzzState:
    """Return the state after a conversation with a gateway that says this and closes with 1011."""

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        await socket.receive()
        await socket.send_str(answer)
        await socket.close(code=1011)
        return socket

    async def fail(request: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    state = FuzzState()
    async with serving(web.get(STREAM_PATH, serve), web.get("/fail", fail)) as url:
        address = Address(url)
        failing = b"GET /fail HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        opening = failing if kind is FuzzKind.REQUEST else handshake(address)
        said = Conversation(7, kind, opening, (FuzzMessage(TEXT, b"{}"),), FuzzEnd.CLOSE)
        await converse(said, address, state)
    return state


@pytest.mark.parametrize(
    ("answer", "fault"),
    [("no JSON", "malformed"), (encode(Error(ErrorCode.INTERNAL, "oh")), "internal error"), ("{}", "1011")],
)
async def test_internal_errors_of_a_gateway_are_faults(answer: str, fault: str) -> None:
    state = await conversed(answer)
    assert any(fault in one and "conversation 7 (valid)" in one for one in state.faults), state.faults


async def test_refusals_are_objections_and_no_faults() -> None:
    state = await conversed(encode(Error(ErrorCode.MALFORMED, "a field is wrong")))
    assert state.objections["malformed"] == state.objections["closed with 1011"] == 1
    assert len(state.faults) == 1


async def test_internal_status_is_a_fault() -> None:
    state = await conversed("", FuzzKind.REQUEST)
    assert state.faults == ["conversation 7 (request): status 500"]


async def test_run_ends_early_when_the_gateway_is_gone() -> None:
    state, recorder = FuzzState(), TallyRecorder(time.monotonic())
    plan = Fuzz(1_000, connections=25, speakers=0)
    await run_fuzz(plan, fixed_locator(Address("http://127.0.0.1:9")), recorder, state)
    assert not state.alive and len(state.faults) == 50
    assert "nothing listens" in state.faults[0] or "no connection" in state.faults[0]


async def test_refusals_of_the_speakers_are_counted_at_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.scenarios.fuzz._PATIENCE_S", 0.2)

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "1"})

    recorder = TallyRecorder(time.monotonic() - 100)
    async with serving(web.get(STREAM_PATH, refuse)) as url:
        await run_fuzz(Fuzz(1, speakers=1), fixed_locator(Address(url)), recorder, FuzzState())
    assert min(recorder.tally.refused_at) >= 100


def test_promises_name_what_was_broken(tmp_path: Path) -> None:
    log = LogWatch(tmp_path)
    log.faults.append("gateway: request.failed")
    state = FuzzState(log, messages=10, faults=["conversation 1 (text): status 500"])
    usages = [ProcessUsage(1.0, {}, {GATEWAY: 100.0}), ProcessUsage(2.0, {}, {GATEWAY: 400.0})]
    promises = tuple(judge(Fuzz(100), SPOKEN, state, usages))
    assert [promise.kept for promise in promises] == [False, False, False, False, False, True]
    assert "request.failed" in promises[3].found and promises[4].values["value"] == 300.0


def test_promises_without_local_programs_are_not_measured() -> None:
    state = FuzzState(messages=100, alive=True)
    assert [one.kept for one in judge(Fuzz(100), SPOKEN, state, ())] == [True, True, True, None, None, True]
