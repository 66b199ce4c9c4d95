"""The command ``kikipounamu-worker``.

Exit status: 0 drained; 2 wrong usage; 3 the engine or its model cannot be had here; 4 the broker refuses this
worker or is too old.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from typing import Annotated, Final, NoReturn
from urllib.parse import urlsplit

import msgspec
import structlog
import typer

from protocol.engine import EngineSettings, EngineUnavailable
from protocol.job import Keys
from runtime.folders import folders
from runtime.logs import logging_to
from speech.errors import SpeechError
from speech.models.catalogue import load_catalogue
from speech.models.store import ModelStore
from worker.consumer import Consumer, Timing
from worker.engine_supervisor import EngineLimits, EngineSupervisor
from worker.engines import check_engine
from worker.errors import BrokerError
from worker.jobs import Jobs

log = structlog.get_logger(__name__)

_NOTHING_TO_RUN: Final = 3
_NO_BROKER: Final = 4
_DEFAULT_MODELS: Final = {"whisper": "whisper-base"}

cli = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@cli.callback()
def _program() -> None:
    """Recognises speech for kikipounamu: takes segments from the broker and answers with text."""


@cli.command()
def run(
    redis: Annotated[str, typer.Option(help="Broker. [default: the one of this computer's gateway]")] = "",
    engine: Annotated[str, typer.Option(help="Installed engine, or package.module:function.")] = "whisper",
    model: Annotated[str, typer.Option(help="Installed model. [default: whisper-base for whisper]")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="Threads of the engine; 0: its own choice.")] = 0,
    extra: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="For the engine.")] = None,
) -> None:
    """Take jobs until SIGTERM or Ctrl-C; then finish what is being decoded and hand back the rest."""
    url = redis or f"unix://{folders().broker_socket}"
    extras = _extra(extra or [])
    with logging_to("worker", folders().logs):
        try:
            settings = _engine_settings(engine, model or _DEFAULT_MODELS.get(engine, ""))
            settings = msgspec.structs.replace(settings, device=device, threads=threads, extra=extras)
            asyncio.run(_work(url, settings, Timing()))
        except (EngineUnavailable, SpeechError) as error:
            _give_up(error, _NOTHING_TO_RUN)
        except BrokerError as error:
            _give_up(error, _NO_BROKER)


def main() -> None:
    """The console script."""
    cli()


async def _work(url: str, settings: EngineSettings, timing: Timing) -> None:
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    log.info("worker starts", worker=worker, broker=without_password(url), engine=settings.engine)
    async with Jobs(url, worker, Keys()) as jobs:
        consumer = Consumer(worker, jobs, EngineSupervisor(settings, EngineLimits()), timing, Keys())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, consumer.drain)
        await consumer.run()
    log.info("worker ends", worker=worker)


def _engine_settings(engine: str, model: str) -> EngineSettings:
    """Raises ``EngineUnavailable`` or ``SpeechError`` unless both are here and whole."""
    check_engine(engine)
    folder = ModelStore(folders().models, load_catalogue()).verify(model) if model else ""
    return EngineSettings(engine, model, str(folder))


def _extra(pairs: list[str]) -> dict[str, str]:
    extra: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="--set")
        extra[key] = value
    return extra


def without_password(url: str) -> str:
    """``url`` as it may be logged."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _give_up(error: Exception, status: int) -> NoReturn:
    log.error("worker cannot run", reason=str(error))
    raise typer.Exit(status) from error
