"""The state says what the app and the gateway do, and why one of them does not answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.cli.commands import GatewayChoice
from app.control.client import NotRunning
from app.control.server import ControlServer
from app.core.states import State
from app.dictation.actions import Verb
from app.dictation.view import View
from app.mcp_server.server import AppState, app_state, send_to_app, server_state
from runtime.folders import folders


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


@pytest.fixture
async def told() -> AsyncIterator[list[object]]:
    """Run an app that listens, and return what it is told."""
    actions: list[object] = []

    async def take(action: object) -> None:
        actions.append(action)

    view = View(State.LISTENING, 3.14, waiting=2, held=1, earlier=4)
    async with ControlServer(take, lambda: view, folders().control_socket):
        yield actions


async def test_app_state_has_figures_and_no_text(told: list[object]) -> None:
    assert await app_state() == AppState(True, "listening", 3.1, waiting=2, to_paste=5)


async def test_verb_reaches_the_app(told: list[object]) -> None:
    assert (await send_to_app(Verb.START)).state == "listening"
    assert told == [Verb.START]


async def test_app_that_does_not_run_is_reported() -> None:
    assert not (await app_state()).runs
    with pytest.raises(NotRunning):
        await send_to_app(Verb.STOP)


async def test_gateway_that_does_not_answer_is_reported() -> None:
    found = await server_state(GatewayChoice())
    assert (found.name, found.answers) == ("this computer", False)
    assert "kikipounamu up" in found.problem
    assert "no such" in (await server_state(GatewayChoice("no such"))).problem
