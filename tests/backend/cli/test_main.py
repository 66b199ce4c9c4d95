"""``kikipounamu-gateway`` as a process: found, killed, restarted, drained; and dead letters by hand."""

import asyncio
import json
import os
import signal
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from backend.broker.embedded import socket_url
from backend.broker.jobs import open_jobs
from backend.cli.main import app
from protocol.endpoint import ENDPOINT_FILE
from protocol.errors import CloseCode, ErrorCode
from protocol.job import Failure, Job, Keys, encode_job, encode_notice
from protocol.session import Done, Final, Finish, Queued
from tests.backend.fake_worker import working
from tests.backend.gateway_process import GatewayProcess, endpoint_of, gateway_process, start_gateway
from tests.backend.wire import Wire, connected, tone
from tests.helpers.command_line import called
from tests.helpers.processes import gone
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

PCM = tone(4_000)
TEXT = f"4000:{sum(PCM)}"


def test_check_names_file_and_key_of_invalid_settings(home: Path) -> None:
    file, environment = home / "my.toml", {"KIKIPOUNAMU_HOME": str(home)}
    file.write_text("shards = 0\n")
    found = called(app, "check", "--config", str(file), environment=environment)
    assert found.returncode == 2 and f"{file} is invalid: shards = 0 is not a whole number" in found.stderr
    file.write_text("shards = 2\n")
    assert called(app, "check", "--config", str(file), environment=environment).returncode == 0
    assert called(app, "check", environment=environment).returncode == 0, "the defaults are valid"


def test_check_names_variable_that_is_no_setting(home: Path) -> None:
    misspelt = {"KIKIPOUNAMU_GATEWAY_HISTROY": "on"}
    found = called(app, "check", environment={"KIKIPOUNAMU_HOME": str(home)} | misspelt)
    assert found.returncode == 0 and "KIKIPOUNAMU_GATEWAY_HISTROY: no setting has this name" in found.stderr


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('trusted_proxies = ["10.0.0.1"]', "only trusted by a gateway in --mode server"),
        ('host = "0.0.0.0"', "0.0.0.0 is not this computer: say --mode shared"),
        ('mode = "server"\nhost = "0.0.0.0"', "keys could be read on the way"),
        ('private_key = "key.pem"', "--private-key needs --certificate"),
        ('mode = "server"\ncertificate = "nowhere.pem"', "nowhere.pem has no certificate"),
        ("history_jsonl = true", "history_jsonl needs a history"),
        ('history = "sqlite:///"', "invalid history. Allowed: off, on"),
        ('history = "sqlite:////usr"', "invalid history. Allowed: off, on"),
        ("file_mb = 0", "file_mb = 0 is not a whole number of at least 1"),
        ('wyoming = "here"', "wyoming is PORT"),
        ('redis = "http://here"', "http://here is not the address of a broker"),
    ],
)
def test_check_refuses_what_serve_refuses_and_makes_no_files(home: Path, written: str, message: str) -> None:
    file, environment = home / "my.toml", {"KIKIPOUNAMU_HOME": str(home)}
    file.write_text(f"{written}\n")
    before = sorted(home.rglob("*"))
    found = called(app, "check", "--config", str(file), environment=environment)
    assert found.returncode != 0 and message in found.stderr
    file.write_text('mode = "shared"\n')
    assert called(app, "check", "--config", str(file), environment=environment).returncode == 0
    assert sorted(home.rglob("*")) == before, "a key or a certificate was made"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--certificate", "mine.pem"), "--certificate is for gateways that other computers reach"),
        (("--mode", "server", "--certificate", "nowhere.pem"), "nowhere.pem has no certificate"),
        (("--private-key", "key.pem"), "--private-key needs --certificate"),
        (("--trusted-proxy", "10.0.0.1"), "only trusted by a gateway in --mode server"),
        (("--history", "nonsense://x"), "invalid history"),
        (("--redis", "http://here"), "http://here is not the address of a broker"),
        (("--key", "two\nlines"), "KIKIPOUNAMU_KEY, or --key, is one line"),
        (("--port", "70000"), "--port"),
    ],
)
def test_check_refuses_options_that_serve_refuses(home: Path, options: tuple[str, ...], message: str) -> None:
    environment = {"KIKIPOUNAMU_HOME": str(home)}
    found = called(app, "check", *options, environment=environment)
    assert found.returncode != 0 and message in found.stderr
    valid = ("--mode", "server", "--port", "9000", "--name", "desk", "--processes", "2", "--no-announce")
    assert called(app, "check", *valid, environment=environment).returncode == 0


def url_of(home: Path) -> str:
    return socket_url(home / "run" / "broker.sock")


async def resume_text(gateway: GatewayProcess, session: UUID) -> str:
    """Resume a session and return the first text it gets."""
    async with connected(gateway.endpoint.url, gateway.endpoint.key, session, resume=True) as wire:
        return (await wire.expect(Final)).text


async def resume_text_once_admitted(gateway: GatewayProcess, session: UUID) -> str:
    """Resume a session at a gateway that may not know its new broker yet; empty if it is refused."""
    with suppress(aiohttp.WSServerHandshakeError):
        return await resume_text(gateway, session)
    return ""


async def test_gateway_is_found_only_by_its_user_and_drains_on_sigterm(home: Path) -> None:
    async with gateway_process(home) as gateway:
        file = home / "run" / ENDPOINT_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert gateway.endpoint.url.startswith("http://127.0.0.1:")
        broker = gateway.broker
        async with connected(gateway.endpoint.url, gateway.endpoint.key) as wire:
            await wire.segment(0, PCM)
            await wire.expect(Queued)
            gateway.process.send_signal(signal.SIGTERM)
            assert await wire.until_closed() == CloseCode.GOING_AWAY
        assert gateway.process.wait(timeout=30) == 0
        assert not file.exists() and gone(broker)
        assert list((home / "run").iterdir()) == []
    async with gateway_process(home) as again, working(url_of(home)):
        assert await resume_text(again, wire.session) == TEXT


@pytest.mark.parametrize("victim", ["gateway", "broker"])
async def test_session_survives_kill_of_gateway_or_broker(home: Path, victim: str) -> None:
    session = uuid4()
    async with gateway_process(home) as gateway:
        async with Wire(gateway.endpoint.url, gateway.endpoint.key, session) as wire:
            await wire.hello()
            await wire.segment(0, PCM)
            await wire.expect(Queued)
            broker = gateway.broker
            os.kill(broker if victim == "broker" else gateway.process.pid, signal.SIGKILL)
            if victim == "broker":
                await wire.segment(1, PCM)
                assert (await wire.expect(Queued)).segment == 1
            else:
                assert await wire.until_closed() != CloseCode.NORMAL
        await wait_until(lambda: gone(broker), "the old broker is gone")
        if victim == "broker":
            async with working(url_of(home)):
                assert (
                    await wait_until(lambda: resume_text_once_admitted(gateway, session), "it is admitted") == TEXT
                )
            return
    async with gateway_process(home) as again, working(url_of(home)):
        assert await resume_text(again, session) == TEXT


async def test_second_gateway_shares_broker_and_inherits_it(home: Path) -> None:
    async with gateway_process(home) as first, gateway_process(home) as second:
        assert second.endpoint.key == first.endpoint.key
        broker = first.broker
        async with connected(first.endpoint.url, first.endpoint.key) as wire:
            await wire.segment(0, PCM)
            await wire.expect(Queued)
        first.end(signal.SIGKILL)
        await wait_until(lambda: gone(broker), "its broker goes with it")
        async with working(url_of(home)):
            text = await wait_until(
                lambda: resume_text_once_admitted(second, wire.session), "the client resumes it"
            )
            assert text == TEXT
        assert (home / "run" / ENDPOINT_FILE).exists()


async def test_session_works_on_external_broker(home: Path, broker: Broker) -> None:
    async with gateway_process(home, "--redis", broker.url, "--key", "chosen") as gateway, working(broker.url):
        async with connected(gateway.endpoint.url, "chosen") as wire:
            await wire.segment(0, PCM)
            await wire.expect(Final)
            await wire.say(Finish(1))
            assert (await wire.expect(Done)).text == TEXT
        assert gateway.end(signal.SIGINT) == 0
    assert not (home / "data" / "broker").exists()


async def test_missing_broker_ends_gateway_with_message(home: Path) -> None:
    process = start_gateway(home, "--redis", "redis://:secret@127.0.0.1:1", log=home / "stderr")
    assert process.wait(timeout=30) == 1
    errors = (home / "stderr").read_text()
    assert "no broker answers at redis://127.0.0.1:1" in errors
    assert "secret" not in errors and "Traceback" not in errors


@pytest.mark.parametrize("command", [("serve",), ("dead", "list"), ("queues", "list")])
def test_invalid_broker_address_is_reported_without_traceback(home: Path, command: tuple[str, ...]) -> None:
    done = called(app, *command, "--redis", "nonsense", environment={"KIKIPOUNAMU_HOME": str(home)})
    assert done.returncode == 2 and "nonsense is not the address of a broker" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("host", "remedy"),
    [("host.invalid", "use another --host"), ("192.0.2.1", "use an address of this computer as --host")],
)
def test_host_that_is_no_address_is_reported_with_remedy(home: Path, host: str, remedy: str) -> None:
    command = ("serve", "--mode", "shared", "--port", "0", "--host", host)
    done = called(app, *command, environment={"KIKIPOUNAMU_HOME": str(home)})
    assert done.returncode == 1 and remedy in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


async def test_port_in_use_is_reported_and_logs_contain_no_key(home: Path) -> None:
    async with gateway_process(home) as first:
        port = first.endpoint.url.rpartition(":")[2]
        process = start_gateway(home, "--port", port, log=home / "second")
        assert process.wait(timeout=30) == 1
        errors = (home / "second").read_text()
        assert "gateway.cannot_listen" in errors and "another --port" in errors and "Traceback" not in errors
        assert await endpoint_of(home, first.process) == first.endpoint
        url = f"{first.endpoint.url}/v1/workers?api_key={first.endpoint.key}"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            assert response.status == 200
        first.end(signal.SIGTERM)
    logs = "".join(path.read_text() for path in (home / "logs").iterdir()) + (home / "stderr").read_text()
    assert "gateway.listening" in logs and first.endpoint.key not in logs + errors


async def test_dead_letters_are_listed_retried_and_dropped(broker: Broker) -> None:
    job = Job("s", 4, bytes(32_000), 16_000)
    failure = Failure("s", 4, ErrorCode.ENGINE_DIED, "it died thrice")
    letter: Any = encode_job(job) | {"failure": encode_notice(failure)}
    async with Redis.from_url(broker.url) as redis, open_jobs(broker.url, "g") as jobs:
        await jobs.attach("s", "o", resume=False)
        entries: list[Any] = [await redis.xadd(Keys().dead, letter) for _ in range(2)]
        first, second = (entry.decode() for entry in entries)
    run = CliRunner()
    listed = json.loads((await _command(run, "list", "--json", "--redis", broker.url)).output)
    assert listed[0] == {
        "id": second,
        "session": "s",
        "segment": 4,
        "seconds": 1.0,
        "code": "engine_died",
        "message": "it died thrice",
    }
    listed = await _command(run, "list", "--redis", broker.url)
    assert listed.output.splitlines() == [
        f"{entry}  s  segment 4  1.0 s  engine_died: it died thrice" for entry in (second, first)
    ]
    assert "queued" in (await _command(run, "retry", first, "--redis", broker.url)).output
    assert "dropped" in (await _command(run, "drop", second, "--redis", broker.url)).output
    for action in ("retry", "drop"):
        failed = await _command(run, action, second, "--redis", broker.url)
        assert failed.exit_code == 1 and "not among the dead letters" in failed.output
    assert (await _command(run, "list", "--redis", broker.url)).output == ""


async def test_unreadable_dead_letter_is_listed_and_dropped_but_not_retried(broker: Broker) -> None:
    """Workers move jobs of a later version to the dead letters."""
    async with Redis.from_url(broker.url) as redis:
        letter: Any = encode_job(Job("s", 4, bytes(32_000), 16_000)) | {"kind": "of a later version"}
        added: Any = await redis.xadd(Keys().dead, letter)
    run, entry = CliRunner(), added.decode()
    assert (
        await _command(run, "list", "--redis", broker.url)
    ).output == f"{entry}  s  segment 4  1.0 s  unknown\n"
    refused = await _command(run, "retry", entry, "--redis", broker.url)
    assert refused.exit_code == 1 and "cannot be read here" in refused.output
    assert "dropped" in (await _command(run, "drop", entry, "--redis", broker.url)).output


async def test_dead_letter_commands_use_the_gateways_broker(broker: Broker, home: Path) -> None:
    """The broker's address comes from the default configuration file or from a named one."""
    async with Redis.from_url(broker.url) as redis:
        letter: Any = encode_job(Job("s", 4, bytes(32_000), 16_000))
        added: Any = await redis.xadd(Keys().dead, letter)
    (home / "config").mkdir(parents=True)
    elsewhere = home / "elsewhere.toml"
    for file, more in ((home / "config" / "gateway.toml", ()), (elsewhere, ("--config", str(elsewhere)))):
        file.write_text(f'redis = "{broker.url}"\n')
        listed = await _command(CliRunner(env={"KIKIPOUNAMU_HOME": str(home)}), "list", *more)
        assert listed.output.startswith(f"{added.decode()}  s  segment 4"), listed.output
        file.write_text("redis = 1\n")
        failed = await _command(CliRunner(env={"KIKIPOUNAMU_HOME": str(home)}), "list", *more)
        assert failed.exit_code == 2 and file.name in failed.output
        file.unlink()


async def _command(run: CliRunner, *arguments: str) -> Any:
    """Run a command in a thread, because it has its own event loop."""
    return await asyncio.to_thread(run.invoke, app, ["dead", *arguments])
