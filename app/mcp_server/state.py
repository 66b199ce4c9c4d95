"""The state of dictation and of the gateway, and the verbs of the running app."""

import asyncio
from dataclasses import dataclass

from app.control.client import ControlError, NotRunning, ask
from app.core.errors import AppError
from app.dictation.actions import Verb
from app.mcp_server.files import GatewaySource
from client.errors import GatewayError
from client.models import loaded_models


@dataclass(frozen=True)
class AppState:
    """The running app. ``waiting``: recordings that are not done. ``to_paste``: texts that wait to be pasted."""

    runs: bool
    state: str = ""
    seconds: float = 0.0
    waiting: int = 0
    to_paste: int = 0
    problem: str = ""


@dataclass(frozen=True)
class ServerState:
    """The gateway that recognises. ``models``: those loaded now."""

    name: str
    answers: bool
    models: list[str]
    problem: str = ""


async def app_state() -> AppState:
    """Return what the running app does, without any text."""
    try:
        answer = await asyncio.to_thread(ask, {"verb": "status"})
    except NotRunning as error:
        return AppState(False, problem=str(error))
    except ControlError as error:
        return AppState(True, problem=str(error))
    view = answer["view"]
    return AppState(
        True, view["state"], round(view["seconds"], 1), view["waiting"], view["held"] + view["earlier"]
    )


async def server_state(source: GatewaySource) -> ServerState:
    """Return whether the gateway answers, and with which models."""
    name = source.gateway or "this computer"
    try:
        locate = await asyncio.to_thread(source.locate)
        models = await loaded_models(await asyncio.to_thread(locate))
    except (AppError, GatewayError) as error:
        return ServerState(name, False, [], str(error))
    return ServerState(name, True, [one.model for one in models])


async def tell_app(verb: Verb) -> AppState:
    """Send a verb to the running app, and return its state afterwards. Raises ``ControlError``."""
    await asyncio.to_thread(ask, {"verb": verb.value})
    return await app_state()
