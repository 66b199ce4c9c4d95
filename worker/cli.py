"""Command line of the worker: ``kikipounamu-worker``.

Exit status: 0 drained; 2 wrong usage; 3 the engine or its model is not available; 4 the broker or gateway refuses
this worker, or is too old.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, NoReturn, TypeVar

import typer
from msgspec.structs import replace

from protocol.broker_url import shown_broker_url
from protocol.engine import EngineSettings, EngineUnavailable
from protocol.job import SHARDS_KEY, Keys
from runtime import command_line, loggers
from runtime.event_names import LogEvent
from runtime.folders import folders, refuse_writes_of_others
from runtime.logs import logging_to
from runtime.memory import INTERVAL_S, exempt_existing, give_back, map_audio
from runtime.program_start import require, set_environment
from runtime.tasks import Tasks
from runtime.terminal import say, standard_streams
from speech.errors import SpeechError
from speech.models.catalogue import load_catalogue
from speech.models.store import FolderState, ModelStore
from worker.broker.connections import dials_of
from worker.broker.jobs import ShardJobs
from worker.broker.layout import ShardLayout, read_layout
from worker.broker.live import LiveJobs
from worker.broker.live_shards import LiveShards
from worker.broker.shards import AllShards
from worker.consumer import Consumer, ConsumerIntervals
from worker.core.errors import BrokerError, MetricsUnavailable, UnknownEngine, WrongAddress
from worker.engines.devices import device_problem
from worker.engines.model_loading import FOLDER
from worker.engines.registry import check_engine, has_libraries
from worker.model_choice import PUNCTUATION, choose
from worker.streaming.live_worker import LiveWorker
from worker.supervision.engine_supervisor import EngineLimits, EngineSupervisor

log = loggers.WORKER_CLI


if TYPE_CHECKING:
    from worker.broker.tunnel import Carrier, Tunnel


_FOLDER_ENGINES: Final = frozenset({"funasr", "paraformer-onnx", "sensevoice-onnx", "sherpa-onnx"})
_WRONG_USAGE: Final = 2
_NOTHING_TO_RUN: Final = 3
_NO_BROKER: Final = 4

Servant = Consumer | LiveWorker
Shard = TypeVar("Shard", bound=ShardJobs)
Serving = Callable[[str, Servant], contextlib.AbstractContextManager[object]]
"""Serves a worker's metrics while the context is entered."""

_SEE_RUN: Final = "See run."
_AsForRun = Annotated[str, typer.Option(help=_SEE_RUN)]
_Threads = Annotated[int, typer.Option(min=0, max=1024, help=_SEE_RUN)]
_EngineSetting = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Engine setting.")]
_SettingAsForRun = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help=_SEE_RUN)]
_MetricsPort = Annotated[str, typer.Option(metavar="[HOST:]PORT", help="Serve Prometheus metrics.")]
_Recording = Annotated[str, typer.Option(help="Recording to decode. [default: a synthetic sound]")]

cli = command_line.group("Recognise speech for kikipounamu.", add_completion=True)


@cli.callback()
def _program(version: command_line.Version = False) -> None:
    """Recognise speech for kikipounamu: take segments from the broker and answer with text."""


@cli.command()
def run(  # noqa: PLR0913 - typer: an option is a parameter
    redis: Annotated[str, typer.Option(help="Broker URL; default: KIKIPOUNAMU_REDIS, or the local.")] = "",
    gateway: Annotated[
        str, typer.Option(help="Connect through this gateway: wss://HOST:PORT, with KIKIPOUNAMU_KEY.")
    ] = "",
    certificate_sha256: Annotated[str, typer.Option(help="Fingerprint of the gateway's certificate.")] = "",
    key_file: Annotated[str, typer.Option(help="File with the key, instead of KIKIPOUNAMU_KEY.")] = "",
    engine: Annotated[str, typer.Option(help="An engine's name, module:function, or auto.")] = "whisper",
    model: Annotated[str, typer.Option(help="Installed model. [default: the engine's own]")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, max=1024, help="Threads of the engine; 0: its own choice.")] = 0,
    gpu_memory: Annotated[
        int,
        typer.Option(
            min=0, max=10_000_000, metavar="MIB", help="Limit of the engine's GPU memory in MiB; 0: no limit."
        ),
    ] = 0,
    extra: _EngineSetting = None,
    metrics: _MetricsPort = "",
) -> None:
    """Process jobs until SIGTERM or Ctrl-C; then finish the current batch and hand back all other jobs."""
    _check_device(engine, device)
    asked = EngineSettings(engine, model, "", device, threads, _extra(extra or []), gpu_memory)
    _serve(BrokerChoice(redis, gateway, certificate_sha256, key_file), asked, _serving(metrics))


@cli.command()
def stream(  # noqa: PLR0913 - typer: an option is a parameter
    redis: _AsForRun = "",
    gateway: _AsForRun = "",
    certificate_sha256: _AsForRun = "",
    key_file: _AsForRun = "",
    engine: Annotated[str, typer.Option(help="An engine for live text, or module:function.")] = "sherpa-onnx",
    model: _AsForRun = "",
    device: _AsForRun = "auto",
    threads: _Threads = 0,
    extra: _EngineSetting = None,
    metrics: _MetricsPort = "",
) -> None:
    """Recognise live text while people speak, until SIGTERM or Ctrl-C. Final texts come from other workers."""
    _check_device(engine, device)
    settings = EngineSettings(engine, model, device=device, threads=threads, extra=_extra(extra or []))
    _serve(BrokerChoice(redis, gateway, certificate_sha256, key_file), settings, _serving(metrics), streams=True)


@cli.command()
def doctor(
    engine: _AsForRun = "whisper",
    model: _AsForRun = "",
    device: _AsForRun = "auto",
    extra: _SettingAsForRun = None,
    audio: _Recording = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Check which engines this computer can run, and decode once.

    Exit status: 0 works, even if slower than speech; 1 fails; 3 no engine.
    """
    from worker.supervision.doctor import DoctorFinding, examine, json_line, line, surroundings

    def print_finding(finding: DoctorFinding) -> None:
        say(json_line(finding) if as_json else line(finding))

    _check_device(engine, device)
    extras = _extra(extra or [])
    with logging_to("doctor", None):  # the log folder may be the problem
        try:
            settings = _engine_settings(EngineSettings(engine, model, device=device, extra=extras))
        except (EngineUnavailable, SpeechError) as error:
            for finding in (*surroundings(engine), DoctorFinding("model", str(error), False)):
                print_finding(finding)
            raise typer.Exit(_NOTHING_TO_RUN) from None
        for finding in surroundings(settings.engine):
            print_finding(finding)
        if settings.model_folder:
            says = f"{settings.model}, whole, in {settings.model_folder}"
            values = {"model": settings.model, "folder": settings.model_folder}
            print_finding(DoctorFinding("model", says, True, "model", values))
        raise typer.Exit(examine(settings, audio, print_finding))


@cli.command()
def bench(  # noqa: PLR0913 - typer: an option is a parameter
    engine: _AsForRun = "whisper",
    model: _AsForRun = "",
    device: _AsForRun = "auto",
    threads: _Threads = 0,
    extra: _SettingAsForRun = None,
    audio: _Recording = "",
    batches: Annotated[str, typer.Option(help="Recordings per call, one size after the other.")] = "1,4,16",
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Calls of each size; the fastest counts.")] = 3,
    as_json: command_line.AsJson = False,
) -> None:
    """Measure speed and memory of a model. Exit status: 0 measured; 1 decoding fails; 3 no engine."""
    from worker.bench import benchmark

    _check_device(engine, device)
    extras = _extra(extra or [])
    try:
        plan = benchmark.BenchPlan(b"", benchmark.read_batches(batches), rounds)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--batches") from None
    with logging_to("bench", None):
        try:
            asked = EngineSettings(engine, model, device=device, threads=threads, extra=extras)
            settings = _engine_settings(asked)
        except (EngineUnavailable, SpeechError) as error:
            _give_up(error, _NOTHING_TO_RUN)
        raise typer.Exit(benchmark.run(settings, audio, plan, as_json=as_json))


def main() -> None:
    """Run the console script."""
    set_environment()
    refuse_writes_of_others()
    with standard_streams():
        cli()


class BrokerChoice(NamedTuple):
    """Place of the jobs: a broker, or a gateway that leads to one. Empty: the local broker."""

    redis: str
    gateway: str
    certificate_sha256: str
    key_file: str

    @property
    def url(self) -> str:
        """Address of the broker."""
        return self.redis or os.environ.get("KIKIPOUNAMU_REDIS") or f"unix://{folders().broker_socket}"

    def carrier(self) -> "Carrier | None":
        """Return the way through a gateway, if there is one."""
        if not self.gateway:
            return None
        from worker.broker.tunnel import carrier, read_key  # late: most workers need no HTTP

        key = read_key(self.key_file, os.environ.get("KIKIPOUNAMU_KEY", ""))
        return carrier(self.gateway, key, self.certificate_sha256)


def _serve(where: BrokerChoice, asked: EngineSettings, serving: Serving, *, streams: bool = False) -> None:
    """Run a worker until it is drained; ``streams``: for live text."""
    if where.redis and where.gateway:
        raise typer.BadParameter("name a broker or a gateway, not both", param_hint="--gateway")
    require(threads=4, files=16)
    with logging_to("live-text" if streams else "worker", folders().logs):
        try:
            asyncio.run(_work(where, _engine_settings(asked), serving, streams))
        except (UnknownEngine, WrongAddress, MetricsUnavailable) as error:
            _give_up(error, _WRONG_USAGE)
        except (EngineUnavailable, SpeechError) as error:
            _give_up(error, _NOTHING_TO_RUN)
        except BrokerError as error:
            _give_up(error, _NO_BROKER)


async def _work(where: BrokerChoice, settings: EngineSettings, serving: Serving, streams: bool) -> None:
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    through = where.carrier()
    broker = shown_broker_url(through.url if through else where.url)
    log.info(LogEvent.WORKER_STARTED, worker=worker, broker=broker, engine=settings.engine)
    async with contextlib.AsyncExitStack() as stack:
        tunnel = await stack.enter_async_context(_tunnel(through)) if through else None
        supervisor = EngineSupervisor(settings, EngineLimits(), streams=streams)
        servant: Servant
        if streams:
            live = await stack.enter_async_context(LiveShards(*shards_of(LiveJobs, where.url, worker, tunnel)))
            servant = LiveWorker(worker, live, supervisor)
        else:
            jobs = await stack.enter_async_context(AllShards(*shards_of(ShardJobs, where.url, worker, tunnel)))
            servant = Consumer(worker, jobs, supervisor, ConsumerIntervals(), Keys())
        stack.enter_context(serving(worker, servant))
        memory = await stack.enter_async_context(Tasks("memory"))
        memory.start(_give_memory_back(), "give-back")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, servant.drain)
        await servant.run()
    log.info(LogEvent.WORKER_ENDED, worker=worker)


async def _give_memory_back() -> None:
    map_audio()
    exempt_existing()
    while True:
        await asyncio.sleep(INTERVAL_S)
        give_back()


def shards_of(
    of: type[Shard], url: str, worker: str, tunnel: "Tunnel | None"
) -> tuple[Callable[[], Awaitable[ShardLayout]], Callable[[Keys], Shard]]:
    """Return two functions: one reads the broker's layout, at ``url`` or behind ``tunnel``, one opens a shard."""
    if tunnel is not None:
        return tunnel.layout, lambda keys: of("", worker, keys, dial=partial(tunnel.dial, keys.shard))
    dials = dials_of(url)
    return (
        lambda: read_layout(url, dials(SHARDS_KEY)),
        lambda keys: of(url, worker, keys, dial=dials(keys.backlog)),
    )


def _serving(metrics: str) -> Serving:
    """Return the metrics server for ``--metrics``; without the option, a context that does nothing."""
    if not metrics:
        return lambda worker, servant: contextlib.nullcontext()
    from worker.exposition import read_place, serving  # imported late: few workers are scraped

    try:
        place = read_place(metrics)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--metrics") from None
    return lambda worker, servant: serving(place, worker, servant.tally, servant.now)


def _tunnel(through: "Carrier") -> "Tunnel":
    from worker.broker.tunnel import Tunnel

    return Tunnel(through, _find_gateway)


async def _find_gateway(certificate_sha256: bytes) -> tuple[str, ...]:
    from worker.broker.gateway_finder import find_gateway  # imported late: most workers never need it

    return await find_gateway(certificate_sha256)


def _engine_settings(asked: EngineSettings) -> EngineSettings:
    """Choose and verify engine and model. Raises ``EngineUnavailable`` or ``SpeechError`` if a part is missing."""
    extra = asked.extra
    if asked.engine in _FOLDER_ENGINES and FOLDER in extra:  # a model outside the catalogue
        return asked
    store = ModelStore(folders().models, load_catalogue())
    choice = choose(
        asked.engine, asked.model, has_libraries, lambda name: store.state(name) is FolderState.INSTALLED
    )
    check_engine(choice.engine)
    log.info(LogEvent.ENGINE_CHOSEN, engine=choice.engine, model=choice.model, why=choice.why)
    folder = store.verify(choice.model) if choice.model else ""
    if choice.engine == "funasr":
        extra = with_punctuation(choice.model, extra, store)
    engine, model = choice.engine, choice.model
    return replace(asked, engine=engine, model=model, model_folder=str(folder), extra=extra)


def with_punctuation(model: str, extra: dict[str, str], store: ModelStore) -> dict[str, str]:
    """Return ``extra`` with the punctuation model for ``model``, if there is one and it is installed."""
    adds = PUNCTUATION.get(model)
    if adds is None or "punctuation" in extra:
        return extra
    if store.state(adds) is FolderState.MISSING:
        log.warning(LogEvent.MODEL_PUNCTUATION_MISSING, model=model, do=f"kikipounamu models get {adds}")
        return extra
    return {**extra, "punctuation": str(store.verify(adds))}


def _check_device(engine: str, device: str) -> None:
    if problem := device_problem(engine, device):
        raise typer.BadParameter(problem, param_hint="--device")


def _extra(pairs: list[str]) -> dict[str, str]:
    extra: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise typer.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="--set")
        extra[key] = value
    return extra


def _give_up(error: Exception, status: int) -> NoReturn:
    log.error(LogEvent.WORKER_CANNOT_RUN, reason=str(error))
    raise typer.Exit(status) from error
