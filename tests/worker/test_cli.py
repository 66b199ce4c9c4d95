"""Worker command, in a separate process."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest
from redis.exceptions import RedisError

from loadtest.core.checksum import checksum
from protocol.job import GROUP, EndState, Result, decode_status
from protocol.monitor import WorkerState
from runtime.tasks import Tasks
from speech.models.catalogue import Catalogue
from speech.models.store import ModelStore
from tests.helpers.command_line import called
from tests.helpers.fault_engines import ENGINE, Fault
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until
from tests.speech.models.example import ENDPOINTS, model_of, write_files
from tests.worker.running import ended, fault_job, persistent_broker, worker_process
from tests.worker.scripts import KEYS, SESSION, GatewaySide, gateway_side, job
from worker import cli as worker_cli
from worker.cli import cli, with_punctuation

ANY = KEYS.jobs("interactive")


@pytest.fixture
async def other(broker: Broker) -> AsyncIterator[GatewaySide]:
    """Yield the gateway's side, with a session attached."""
    async with gateway_side(broker.url) as side:
        await side.attach()
        await side.redis.xgroup_create(ANY, GROUP, "0-0", mkstream=True)
        yield side


async def holder(other: GatewaySide) -> str:
    """Return the consumer that holds the first pending entry."""
    pending = await other.pending(ANY)
    return pending[0][1] if pending else ""


def ran(url: str, home: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run a worker that cannot run, in this process."""
    return called(cli, "run", "--redis", url, *options, environment={"KIKIPOUNAMU_HOME": str(home)})


def output(process: "subprocess.Popen[str]") -> str:
    """Wait for the end of the process; return what it wrote."""
    return process.communicate(timeout=60)[1]


async def test_worker_command_recognises_and_drains_at_sigterm(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    with worker_process(broker.url, tmp_path, "--engine", "checksum", "--set", "rtf=0.01") as process:
        await other.submit(job(samples=1600), ANY)
        assert await ended(other) is EndState.FINAL
        stored = await other.stored()
        assert isinstance(stored, Result) and stored.text == checksum(job(samples=1600).pcm)
        engines = psutil.Process(process.pid).children()
        assert len(engines) == 1
        process.send_signal(signal.SIGTERM)
        said = output(process)
    assert process.returncode == 0
    assert stored.text not in said
    assert not engines[0].is_running()
    assert await other.redis.hlen("kiki:workers") == 0
    assert (tmp_path / "logs" / "worker.jsonl").stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (["--engine", "whispr"], 2, "there is no engine 'whispr': choose one of checksum, funasr, "),
        (["--engine", "whisper"], 3, "kikipounamu models get whisper-base"),
        (["--engine", "funasr"], 3, "kikipounamu models get SenseVoiceSmall"),
        (["--engine", "funasr", "--model", "Fun-ASR-Nano"], 3, "the engine funasr does not run Fun-ASR-Nano"),
        (["--engine", "auto"], 3, "no engine can run on this computer: funasr needs"),
        (["--engine", "funasr", "--set", "folder=/nowhere"], 3, "no FunASR model in '/nowhere'"),
        (["--engine", "checksum", "--set", "x=1"], 3, "the checksum engine has no setting x"),
        (["--set", "x"], 2, "is not KEY=VALUE"),
        (["--engine", "checksum", "--device", "nonsense"], 2, "runs on auto, cpu, cuda or cuda:N, not on 'nonse"),
        (["--engine", "auto", "--device", "CPU"], 2, "runs on auto, cpu, cuda or cuda:N, not on 'CPU'"),
        (["--metrics", "here"], 2, "is not HOST:PORT"),
        (["--engine", "checksum", "--metrics", "203.0.113.1:9101"], 2, "metrics cannot be served at 203.0.113.1"),
        (["--engine", "checksum", "--redis", "http://nowhere"], 2, "not the address of a broker"),
        (["--engine", "json:nothing"], 2, "there is no engine 'json:nothing'"),
        (["--engine", "json:loads"], 2, "json:loads creates no engine (the JSON object must be str"),
        (["--engine", "builtins:repr"], 2, "creates no engine but a str: an engine is a function that takes Engi"),
    ],
)
def test_worker_command_explains_why_it_cannot_run(
    tmp_path: Path, broker: Broker, options: list[str], status: int, text: str
) -> None:
    done = ran(broker.url, tmp_path, *options)
    assert done.returncode == status
    assert text in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--gateway", "somewhere"], "'somewhere' is not the address of a gateway"),
        (["--gateway", "wss://somewhere", "--key-file", "/nowhere"], "no key can be read from /nowhere"),
        (["--gateway", "wss://somewhere"], "the gateway needs a key"),
        (["--gateway", "wss://me:sec/ret@somewhere"], "no key in the address of the gateway: set KIKIPOUNAMU_KEY"),
    ],
)
def test_worker_command_refuses_a_gateway_that_cannot_be_used(
    tmp_path: Path, options: list[str], text: str
) -> None:
    done = ran("", tmp_path, "--engine", "checksum", *options)
    assert done.returncode == 2 and text in done.stderr and "sec/ret" not in done.stderr


@pytest.mark.parametrize("command", ["run", "stream", "doctor", "bench"])
def test_each_command_refuses_a_device_that_its_engine_never_has(tmp_path: Path, command: str) -> None:
    arguments = (command, "--engine", "sherpa-onnx", "--device", "cuda")
    done = called(cli, *arguments, environment={"KIKIPOUNAMU_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "--device" in done.stderr and "runs on auto or cpu, not on 'cuda'" in " ".join(done.stderr.split())


def test_broker_address_is_read_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_REDIS", "http://nowhere")
    assert "not the address of a broker" in ran("", tmp_path, "--engine", "checksum").stderr


def test_worker_command_refuses_a_damaged_model(tmp_path: Path, broker: Broker, models: Path) -> None:
    folder = tmp_path / "data" / "models" / "whisper-base"
    folder.mkdir(parents=True)
    for file in (models / "whisper-base").iterdir():
        data = bytearray(file.read_bytes())
        if file.name == "model.bin":
            data[len(data) // 2] ^= 1
        (folder / file.name).write_bytes(data)
    done = ran(broker.url, tmp_path)
    assert done.returncode == 3
    assert "damaged" in done.stderr and "kikipounamu models get whisper-base" in done.stderr


async def test_auto_engine_is_chosen_by_installed_model_and_logged(
    broker: Broker, other: GatewaySide, tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))

    async def idle() -> bool:
        statuses = [decode_status(value) for value in (await other.redis.hgetall("kiki:workers")).values()]
        taken = [(status.engine, status.model) for status in statuses if status.state is WorkerState.IDLE]
        return taken == [("whisper", "whisper-base")]

    with worker_process(broker.url, tmp_path, "--engine", "auto", "--device", "cpu") as process:
        await wait_until(idle, "it is ready")
        process.send_signal(signal.SIGTERM)
        said = output(process)
    assert process.returncode == 0
    assert "engine.chosen" in said and "whisper and whisper-base are installed" in said


def test_punctuation_model_is_added_when_installed(tmp_path: Path) -> None:
    model = msgspec.structs.replace(model_of(), name="ct-punc-c")
    store = ModelStore(tmp_path, Catalogue(ENDPOINTS, (model,)))
    assert with_punctuation("paraformer-zh", {"a": "b"}, store) == {"a": "b"}
    write_files(tmp_path / "ct-punc-c")
    added = {"punctuation": str(tmp_path / "ct-punc-c")}
    assert with_punctuation("paraformer-zh", {"a": "b"}, store) == {"a": "b", **added}
    assert with_punctuation("paraformer-zh", {"punctuation": "/mine"}, store) == {"punctuation": "/mine"}
    assert with_punctuation("SenseVoiceSmall", {}, store) == {}


async def test_job_of_a_killed_worker_is_taken_over_within_its_lease(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    options = ["--engine", ENGINE, "--set", f"gate={tmp_path / 'gate'}"]
    await other.submit(fault_job(Fault.HOLD), ANY)
    with worker_process(broker.url, tmp_path, *options) as first:
        killed = await wait_until(lambda: holder(other), "the first worker holds the job")
        (engine,) = psutil.Process(first.pid).children()
        first.kill()
        await wait_until(lambda: not engine.is_running(), "its engine is gone too")
        (tmp_path / "gate").touch()
        with worker_process(broker.url, tmp_path, *options) as second:
            assert await ended(other) is EndState.FINAL
            stored = await other.stored()
            assert isinstance(stored, Result) and stored.worker != killed
            assert (await other.redis.xlen(ANY), await other.backlog(ANY)) == (0, 0)
            second.send_signal(signal.SIGTERM)
            output(second)


async def test_stalled_worker_that_resumes_does_not_end_jobs_twice(
    broker: Broker, other: GatewaySide, tmp_path: Path
) -> None:
    options = ["--engine", ENGINE, "--set", f"gate={tmp_path / 'gate'}"]
    await other.submit(fault_job(Fault.HOLD), ANY)
    with worker_process(broker.url, tmp_path, *options) as stalled:
        owner = await wait_until(lambda: holder(other), "the worker holds the job")
        stalled.send_signal(signal.SIGSTOP)
        (tmp_path / "gate").touch()
        with worker_process(broker.url, tmp_path, *options) as second:
            assert await ended(other) is EndState.FINAL
            stored = await other.stored()
            stalled.send_signal(signal.SIGCONT)
            await wait_until(lambda: _idle(other, owner), "the stalled worker is back")
            stalled.send_signal(signal.SIGTERM)
            output(stalled)
            second.send_signal(signal.SIGTERM)
            output(second)
    assert isinstance(stored, Result) and stored.worker != owner
    assert await other.stored() == stored
    assert stalled.returncode == 0


async def _idle(other: GatewaySide, worker: str) -> bool:
    value = await other.redis.hget("kiki:workers", worker)
    return value is not None and decode_status(value).state is WorkerState.IDLE


async def test_worker_survives_the_death_of_its_broker(tmp_path: Path) -> None:
    gate, url = tmp_path / "gate", f"unix://{tmp_path / 's'}"
    with worker_process(url, tmp_path, "--engine", ENGINE, "--set", f"gate={gate}") as worker:
        with persistent_broker(tmp_path):
            async with gateway_side(url) as other:
                await other.attach()
                await other.redis.xgroup_create(ANY, GROUP, "0-0", mkstream=True)
                await other.submit(fault_job(Fault.HOLD, 0), ANY)
                await wait_until(lambda: holder(other), "the worker holds the job")
                await other.submit(fault_job(Fault.NONE, 1), ANY)
        gate.touch()
        with persistent_broker(tmp_path):
            async with gateway_side(url) as other:
                await wait_until(lambda: _knows_the_session(other), "the broker has read its file")
                assert {await ended(other, segment) for segment in (0, 1)} == {EndState.FINAL}
                worker.send_signal(signal.SIGTERM)
                output(worker)
    assert worker.returncode == 0


async def _knows_the_session(other: GatewaySide) -> bool:
    try:
        return bool(await other.redis.exists(KEYS.session(SESSION)))
    except RedisError:  # still loading
        return False


async def test_worker_gives_freed_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    given = asyncio.Event()
    monkeypatch.setattr(worker_cli, "INTERVAL_S", 0.0)
    monkeypatch.setattr(worker_cli, "map_audio", lambda: done.append("map"))
    monkeypatch.setattr(worker_cli, "exempt_existing", lambda: done.append("exempt"))
    monkeypatch.setattr(worker_cli, "give_back", given.set)
    async with Tasks("test") as tasks, asyncio.timeout(60):
        tasks.start(worker_cli._give_memory_back(), "memory")
        await given.wait()
    assert done == ["map", "exempt"]
