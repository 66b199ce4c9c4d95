"""The ``kikipounamu-gateway`` program: serve, and manage devices, queues and dead letters."""

import errno
import os
import socket
from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from backend.broker.dead_letters import DeadLetter
from backend.broker.jobs import Jobs
from backend.broker.records import SessionGone
from backend.cli.broker_access import Config, Redis, with_jobs
from backend.cli.device_commands import devices
from backend.cli.pair_command import pair_device
from backend.cli.queue_commands import queues
from backend.configuration import Configuration, unknown_variables
from backend.core.errors import BackendError, ProcessFailed, UnknownLetter
from backend.http.modes import GatewayMode
from backend.processes.count import MOST
from backend.processes.lock import ask_to_restart
from protocol.audio import samples_to_seconds
from protocol.job import MOST_SHARDS
from runtime import command_line, loggers
from runtime.command_line import exit_on
from runtime.event_names import LogEvent
from runtime.folders import Folders, folders, refusal, refuse_writes_of_others
from runtime.logs import logging_to
from runtime.memory import collect_seldom
from runtime.program_start import require, set_environment
from runtime.terminal import printable, reason, say, standard_streams

log = loggers.BACKEND_CLI

Mode = Annotated[GatewayMode | None, typer.Option(help="Users of the gateway; default: local.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default: by mode.")]
Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="Port; 0: any free port. Default: 8765, local: 0.")
]
Shards = Annotated[
    int | None, typer.Option(min=1, max=MOST_SHARDS, help="Parts of a new broker's data; default: 1.")
]
Processes = Annotated[
    int | None, typer.Option(min=1, max=MOST, help="Processes; default: 1, in mode server by cores.")
]

_THREADS: Final = 12
"""Threads that a gateway and its broker need. With fewer, libuv aborts the gateway or the broker exits at once."""
_FILES: Final = 36
"""Fewest open files with which its broker starts."""

_REMEDIES: Final[dict[int | None, str]] = {
    errno.EADDRINUSE: "end the program that has this port, or use another --port",
    errno.EADDRNOTAVAIL: "use an address of this computer as --host",
    errno.EACCES: "only root may use a port below 1024: use another --port",
}
"""Remedies if the gateway cannot listen on its address. Errors about a file name that file instead."""

app = command_line.group("The gateway between clients and workers.", add_completion=True)


@app.callback()
def _group(version: command_line.Version = False) -> None:
    """The gateway between clients and workers."""


def _serving_options(  # noqa: PLR0913 - typer: an option is a parameter
    mode: Mode = None,
    host: Host = None,
    port: Port = None,
    redis: Redis = "",
    shards: Shards = None,
    key: Annotated[
        str, typer.Option(envvar="KIKIPOUNAMU_KEY", help="Key of the owner; default: this user's.")
    ] = "",
    origin: Annotated[list[str] | None, typer.Option(help="Origin of pages that may connect; repeatable.")] = None,
    name: Annotated[str | None, typer.Option(help="Name shown to users; default: the computer's name.")] = None,
    certificate: Annotated[str | None, typer.Option(help="Certificate (PEM file); default: self-signed.")] = None,
    private_key: Annotated[str | None, typer.Option(help="PEM file of the private key.")] = None,
    trusted_proxy: Annotated[
        list[str] | None, typer.Option(help="Address or network of a trusted proxy; repeatable.")
    ] = None,
    announce: Annotated[bool | None, typer.Option(help="Announce on the network; default: if shared.")] = None,
    processes: Processes = None,
    history: Annotated[str | None, typer.Option(help="on, off, or a database URL; default: off.")] = None,
    config: Config = None,
) -> tuple[Configuration, str, Path | None]:
    """Return the values of the options, the owner's key and the configuration file."""
    said = Configuration(
        mode=mode,
        name=name,
        host=host,
        port=port,
        redis=redis or None,
        shards=shards,
        certificate=certificate,
        private_key=private_key,
        origins=_some(origin),
        trusted_proxies=_some(trusted_proxy),
        announce=announce,
        processes=processes,
        history=history,
    )
    return said, key, config


def _with_serving_options(command: Callable[[Configuration, str, Path | None], None]) -> Callable[..., None]:
    """Return the command with the options of ``serve`` as its parameters; it receives their values."""

    @wraps(command)
    def run(**given: Any) -> None:
        command(*_serving_options(**given))

    run.__signature__ = signature(_serving_options)  # type: ignore[attr-defined] # typer reads it
    run.__annotations__ = _serving_options.__annotations__
    return run


_SOURCES: Final = (
    "A setting that is not given as an option is taken from the environment "
    "(KIKIPOUNAMU_GATEWAY_PORT, and so on), then from gateway.toml."
)


@app.command(epilog=_SOURCES)
@_with_serving_options
def serve(said: Configuration, key: str, config: Path | None) -> None:
    """Serve clients and workers until SIGTERM or Ctrl-C, then drain and exit."""
    _serve_as(said, key, config, folders())


@app.command(epilog=_SOURCES)
@_with_serving_options
def check(said: Configuration, key: str, config: Path | None) -> None:
    """Check the options of `serve`, the environment and gateway.toml, each and all together, without serving."""
    from backend.cli.serving import ServeOrder, refuse_invalid  # late: the other commands need no gateway

    with exit_on(BackendError):
        refuse_invalid(ServeOrder(said, key, config), folders())
    if unknown := unknown_variables(os.environ):
        say(unknown, err=True)
    say("The settings of the gateway are valid.")


@app.command()
def restart() -> None:
    """Replace the processes of the running gateway, one after the other, while the others serve."""
    with exit_on(ProcessFailed):
        pid = ask_to_restart(folders().broker_socket.parent)
    say(f"gateway {pid} restarts its processes: its log says when all of them run")


def _serve_as(said: Configuration, key: str, config: Path | None, here: Folders) -> None:
    require(threads=_THREADS, files=_FILES)
    with logging_to("gateway", here.logs):
        collect_seldom()  # imported objects stay
        # late: the other commands need no gateway
        from backend.cli.serving import ServeOrder, raise_file_limit, run, serve_alone, serve_together

        raise_file_limit()
        try:
            order = ServeOrder(said, key, config)
            settings = order.settings(here)
            run(serve_alone(settings) if settings.processes == 1 else serve_together(settings, order))
        except BackendError as error:
            log.error(LogEvent.GATEWAY_CANNOT_RUN, reason=str(error))
            raise typer.Exit(error.exit_status) from None
        except OSError as error:
            log.error(LogEvent.GATEWAY_CANNOT_LISTEN, reason=_with_remedy(error))
            raise typer.Exit(1) from None


def _with_remedy(error: OSError) -> str:
    """Return a message: the failure, its file or port, and the remedy."""
    if isinstance(error, socket.gaierror):
        return f"{reason(error)}: use another --host"
    if remedy := _REMEDIES.get(error.errno) if not error.filename else None:
        return f"{reason(error)}: {remedy}"
    return refusal(error)


def _some(values: list[str] | None) -> tuple[str, ...] | None:
    return tuple(values) if values else None


app.command("pair")(pair_device)
app.add_typer(devices, name="devices")
app.add_typer(queues, name="queues")
Entries = Annotated[list[str], typer.Argument(metavar="ENTRY...", help="Ids from `dead list`.")]

dead = command_line.group("Manage segments that no engine could recognise.")
app.add_typer(dead, name="dead")


@dead.command("list")
def list_dead(
    redis: Redis = "",
    config: Config = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number.")] = 100,
    as_json: command_line.AsJson = False,
) -> None:
    """List the newest dead letters: id, session, segment, length, reason."""

    async def show(jobs: Jobs) -> None:
        letters = await jobs.dead_letters(count)
        if as_json:
            say(msgspec.json.encode([_facts(letter) for letter in letters]).decode())
            return
        for letter in letters:
            job, failure = letter.job, letter.failure
            why = f"{failure.code}: {failure.message}" if failure else "unknown"
            seconds = samples_to_seconds(job.samples)
            say(printable(f"{letter.entry}  {job.session}  segment {job.segment}  {seconds:.1f} s  {why}"))

    with_jobs(redis, config, show)


def _facts(letter: DeadLetter) -> dict[str, object]:
    """Return the JSON values of a dead letter."""
    job, failure = letter.job, letter.failure
    return {
        "id": letter.entry,
        "session": job.session,
        "segment": job.segment,
        "seconds": round(samples_to_seconds(job.samples), 3),
        "code": failure.code if failure else None,
        "message": failure.message if failure else None,
    }


@dead.command()
def retry(entries: Entries, redis: Redis = "", config: Config = None) -> None:
    """Queue these dead letters again, as the next attempt of their segments."""

    async def again(jobs: Jobs) -> None:
        for entry in entries:
            letter = await jobs.dead_letter(entry)
            if letter is None:
                raise UnknownLetter(f"{entry} is not among the dead letters")
            reply = await jobs.retry_dead(letter)
            gone = isinstance(reply, SessionGone)
            say(f"{entry}  {'its session is gone: it stays' if gone else 'queued'}")

    with_jobs(redis, config, again)


@dead.command()
def drop(entries: Entries, redis: Redis = "", config: Config = None) -> None:
    """Delete these dead letters for good."""

    async def delete(jobs: Jobs) -> None:
        for entry in entries:
            if not await jobs.drop_dead(entry):
                raise UnknownLetter(f"{entry} is not among the dead letters")
            say(f"{entry}  dropped")

    with_jobs(redis, config, delete)


def main() -> None:
    """Run the console script."""
    set_environment()
    refuse_writes_of_others()
    with standard_streams():
        app()
